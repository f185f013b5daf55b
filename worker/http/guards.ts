import type { MiddlewareHandler } from "hono";
import { LIMITS, overLimit, type Refusal, refuse } from "../../protocol/index.ts";
import { OWNER } from "../core/authorize.ts";
import type { HonoEnv } from "../env.ts";
import type { C } from "./context.ts";
import { refusalResponse } from "./refusal.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

function listed(names: string | null | undefined): string[] {
  return (names ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name.length > 0);
}

/**
 * Host held to loopback names and `COORD_HOSTS`, where `coord serve` listens on loopback: a web page that points its own name at
 * 127.0.0.1 (DNS rebinding) is refused before anything is read.
 */
export const hostGuard: MiddlewareHandler<HonoEnv> = async (c, next) => {
  if (c.env.COORD_LOCAL === "1") {
    const host = (c.req.header("host") ?? "").toLowerCase();
    const name = host.replace(/:\d+$/, "");
    const allowed = listed(c.env.COORD_HOSTS);
    if (!LOOPBACK.has(name) && !allowed.includes(host) && !allowed.includes(name)) {
      return refusalResponse(
        refuse("forbidden", "this Host is not served here; name it in COORD_HOSTS to allow it", { host: host.slice(0, 255) }),
      );
    }
  }
  return next();
};

/** Origin absent, this server's own, or listed in `COORD_ORIGINS`: no other web page speaks to the board. */
export const originGuard: MiddlewareHandler<HonoEnv> = async (c, next) => {
  const origin = c.req.header("origin")?.toLowerCase();
  if (origin !== undefined && origin !== new URL(c.req.url).origin.toLowerCase() && !listed(c.env.COORD_ORIGINS).includes(origin)) {
    return refusalResponse(
      refuse("forbidden", "this Origin may not call; name it in COORD_ORIGINS to allow it", { origin: origin.slice(0, 255) }),
    );
  }
  return next();
};

/**
 * Who is calling. With a token set, exactly its bearer, compared in constant time; without one, whoever reaches a loopback
 * server, and nobody else.
 */
export const principalGuard: MiddlewareHandler<HonoEnv> = async (c, next) => {
  const token = c.env.COORD_TOKEN;
  if (token) {
    const given = /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (given === undefined || !(await sameSecret(given, token)))
      return unauthorized(given === undefined ? "a token is required" : "the token is not right");
  } else if (c.env.COORD_LOCAL !== "1") {
    return unauthorized("this server has no token set, and without one it serves loopback only");
  }
  c.set("principal", OWNER);
  return next();
};

function unauthorized(message: string): Response {
  const response = refusalResponse(refuse("unauthorized", message));
  response.headers.set("www-authenticate", "Bearer");
  return response;
}

/** Equal or not in a time that does not depend on where they differ; both are hashed first, so their lengths do not matter. */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [x, y] = await Promise.all([a, b].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))));
  return crypto.subtle.timingSafeEqual(x!, y!);
}

/** The body as text: JSON by its own word, and within the limit; no more than that is kept. */
export async function jsonBody(c: C): Promise<{ text: string } | { refused: Response }> {
  const body = await bodyText(c, ["application/json"]);
  return "refusal" in body ? { refused: refusalResponse(body.refusal) } : body;
}

/**
 * What is too large is read on, and dropped, for so many bytes: a client that is cut off in the middle of sending sees a broken connection
 * in place of the refusal.
 */
const DROPPED_BYTES = 16 * 1024 * 1024;

/** As `jsonBody`, of any of the media types, with the refusal as a value. */
export async function bodyText(
  c: C,
  types: readonly string[],
  limit: "body_bytes" | "restore_bytes" | "import_bytes" = "body_bytes",
): Promise<{ text: string } | { refusal: Refusal }> {
  const type = (c.req.header("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (!types.includes(type)) {
    return { refusal: refuse("unsupported_media_type", `the body must be ${types.join(" or ")}`, { content_type: type.slice(0, 255) }) };
  }
  const { value: most, unit } = LIMITS[limit];
  const declared = Number(c.req.header("content-length") ?? 0);
  if ((declared > 0 && declared <= most) || !c.req.raw.body) return utf8(await c.req.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = c.req.raw.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  for (;;) {
    const { done, value } = await reader.read();
    if (done && size > most) break;
    if (done) return utf8(await new Blob(chunks).arrayBuffer());
    size += value.byteLength;
    if (size <= most) chunks.push(value);
    else chunks.length = 0;
    if (size > most + DROPPED_BYTES) {
      await reader.cancel();
      break;
    }
  }
  return { refusal: overLimit(limit, most, unit, Math.max(size, declared)) };
}

function utf8(bytes: ArrayBuffer): { text: string } | { refusal: Refusal } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes) };
  } catch {
    return { refusal: refuse("parse_error", "the body is not UTF-8") };
  }
}
