import { CliError } from "../errors.ts";

/** Where the server listens, taken apart. */
export interface Address {
  /** A name or an IP address, IPv6 without its brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Only this machine can reach it: the one kind of address that needs no token. */
  readonly loopback: boolean;
}

/** Reads `host:port`, IPv6 in brackets, port 0 to 65535. Throws `CliError` for anything else. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new CliError(`not an address: ${text}`, {
      next: "give host:port with --addr or COORD_ADDR, such as 127.0.0.1:7777 or [::1]:7777",
    });
  }
  const named = match[1] ?? match[2] ?? "";
  // workerd would listen on every address that the name stands for; clients of ours try the IPv4 one.
  const host = named.toLowerCase() === "localhost" ? "127.0.0.1" : named;
  return { host, port, loopback: host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) };
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** `host:port` as workerd and URLs write it. */
export function formatAddress({ host, port }: Pick<Address, "host" | "port">): string {
  return `${bracketed(host)}:${port}`;
}

/** The URL under which a client on this machine reaches the server; a wildcard address is reached by loopback. */
export function urlOf({ host, port }: Pick<Address, "host" | "port">): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${formatAddress({ host: reachable, port })}/`;
}
