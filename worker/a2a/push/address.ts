import { LIMITS } from "../../../protocol/index.ts";

/**
 * What is wrong with a webhook's URL, or undefined. The runtime's URL parser has put odd spellings of an address (decimal, octal, hex,
 * short, IPv6 in any form) into the usual one before it is looked at here.
 *
 * A server that others can reach calls public addresses only; a local one, whose network is closed but for this machine, loopback only.
 * A name may still lead to a private address: that is refused by the runtime's network when it connects.
 */
export function webhookProblem(given: string, local: boolean): string | undefined {
  if (given.length > LIMITS.push_url_chars.value) return `longer than ${LIMITS.push_url_chars.value} characters`;
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    return "not a URL";
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return "only http: and https: are called";
  if (url.username !== "" || url.password !== "") return "it carries a password; give that in `authentication`";
  const reach = reachOf(url.hostname);
  if (local)
    return reach === "loopback" ? undefined : "this server is local: it calls webhooks on this machine (127.0.0.1, localhost) only";
  return reach === "public" ? undefined : "it leads to a private, loopback, link-local or reserved address";
}

type Reach = "public" | "loopback" | "private";

function reachOf(hostname: string): Reach {
  const host = hostname.toLowerCase().replace(/\.+$/, "");
  if (host.startsWith("[")) return reachOf6(host.slice(1, -1));
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return reachOf4(host.split(".").map(Number));
  if (host === "localhost" || host.endsWith(".localhost")) return "loopback";
  // a name without a dot, or under one of these, is resolved by the local network
  const inner = !host.includes(".") || /\.(local|internal|intranet|lan|home|corp|private|localdomain|home\.arpa)$/.test(host);
  return inner ? "private" : "public";
}

/** Networks that are not the public internet's (RFC 6890 and its registry), as [first octets, prefix length]. */
const RESERVED_4: readonly (readonly [readonly number[], number])[] = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 0, 0, 0], 24],
  [[192, 0, 2, 0], 24],
  [[192, 88, 99, 0], 24],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[198, 51, 100, 0], 24],
  [[203, 0, 113, 0], 24],
  [[224, 0, 0, 0], 3],
];

function reachOf4(octets: readonly number[]): Reach {
  if (octets[0] === 127) return "loopback";
  const number = toNumber(octets);
  const reserved = RESERVED_4.some(([network, length]) => Math.floor((number - toNumber(network)) / 2 ** (32 - length)) === 0);
  return reserved ? "private" : "public";
}

function toNumber(octets: readonly number[]): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function reachOf6(text: string): Reach {
  const groups = groupsOf(text);
  if (!groups) return "private";
  const [a, b] = groups as [number, number];
  const low = [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255];
  const zeros = (count: number) => groups.slice(0, count).every((group) => group === 0);
  if (zeros(7) && groups[7] === 1) return "loopback";
  // an IPv4 address in IPv6's clothes: mapped, translated (RFC 6052), 6to4
  if (zeros(5) && groups[5] === 0xffff) return reachOf4(low);
  if (a === 0x64 && b === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return reachOf4(low);
  if (a === 0x2002) return reachOf4([b >> 8, b & 255, groups[2]! >> 8, groups[2]! & 255]);
  // global unicast is 2000::/3; of that, Teredo, ORCHID and documentation lead nowhere that is public
  const global = (a & 0xe000) === 0x2000;
  const special = a === 0x2001 && (b < 0x200 || b === 0xdb8);
  return global && !special && !(a === 0x3fff && b < 0x1000) ? "public" : "private";
}

/** The eight groups of an address as the URL parser writes it; undefined for what is none. */
function groupsOf(text: string): number[] | undefined {
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const parse = (side: string) => (side === "" ? [] : side.split(":").map((group) => Number.parseInt(group, 16)));
  const before = parse(head);
  const after = parse(tail ?? "");
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined;
}
