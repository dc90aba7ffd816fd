/**
 * Shell condition: a GET answers 200, on this machine where no other address is given. By bash alone, since not every host
 * has curl; a login (`user:password`) thus shows in no process list.
 */
export function answers200(port: number | string, path: string, login?: string, address = "127.0.0.1"): string {
  const authorization =
    login === undefined ? "" : `Authorization: Basic ${Buffer.from(login).toString("base64")}\\r\\n`;
  return `(exec 3<>/dev/tcp/${address}/${port} && printf '%b' 'GET ${path} HTTP/1.0\\r\\n${authorization}\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null`;
}
