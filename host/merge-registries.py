"""Adds registries to Docker's daemon.json and has Docker read it, if they are not there yet: FILE MIRRORS INSECURE (lists as JSON)."""

import json
import os
import shutil
import subprocess
import sys

path = sys.argv[1]
wanted = {"registry-mirrors": json.loads(sys.argv[2]), "insecure-registries": json.loads(sys.argv[3])}
with open(path) as file:
    now = json.load(file)
merged = dict(now)
for key, values in wanted.items():
    there = [other.rstrip("/") for other in now.get(key, [])]
    merged[key] = now.get(key, []) + [value for value in values if value.rstrip("/") not in there]
if any(merged[key] != now.get(key, []) for key in wanted):
    if not os.path.exists(path + ".before-warren"):
        shutil.copy2(path, path + ".before-warren")
    with open(path + ".new", "w") as file:
        json.dump(merged, file, indent=2)
    os.replace(path + ".new", path)
    subprocess.run(["systemctl", "reload", "docker"], check=True)
