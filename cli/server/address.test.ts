import { expect, test } from "vitest";
import { formatAddress, parseAddress, urlOf } from "./address.ts";

test("host and port, IPv6 in brackets, port 0", () => {
  expect(parseAddress("127.0.0.1:7777")).toEqual({ host: "127.0.0.1", port: 7777, loopback: true });
  expect(parseAddress("localhost:0")).toEqual({ host: "127.0.0.1", port: 0, loopback: true });
  expect(parseAddress("[::1]:80")).toEqual({ host: "::1", port: 80, loopback: true });
  expect(parseAddress(" 127.0.0.2:65535 ")).toEqual({ host: "127.0.0.2", port: 65_535, loopback: true });
});

test("what others can reach is not loopback", () => {
  for (const text of ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1", "127.0.0.1.example.org:1", "example.org:1"]) {
    expect(parseAddress(text).loopback, text).toBe(false);
  }
});

test("anything else is refused with an example", () => {
  for (const text of [
    "",
    "7777",
    ":7777",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "::1:80",
    "[::1]",
    "a b:1",
    "http://a:1",
    "a:1/",
  ]) {
    expect(() => parseAddress(text), text).toThrow(expect.objectContaining({ next: expect.stringContaining("127.0.0.1:7777") }));
  }
});

test("the URL of a wildcard address is this machine's", () => {
  expect(urlOf({ host: "0.0.0.0", port: 1 })).toBe("http://127.0.0.1:1/");
  expect(urlOf({ host: "::", port: 1 })).toBe("http://[::1]:1/");
  expect(formatAddress({ host: "::", port: 1 })).toBe("[::]:1");
});
