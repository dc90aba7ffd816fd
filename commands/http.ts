/**
 * Shell condition: a GET on this machine answers 200. By bash alone, since not every host has curl.
 */
export function answers200(port: number, path: string): string {
  return `(exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 2 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null`;
}
