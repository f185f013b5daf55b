import { describe, expect, it } from "vitest";
import { webhookProblem } from "./address.ts";

const PRIVATE = [
  "http://127.0.0.1/",
  "http://127.1/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0177.0.0.1/",
  "http://0x7f.1/",
  "http://127.255.255.254:8080/x",
  "http://localhost/",
  "http://LOCALHOST./",
  "http://a.localhost/",
  "http://0.0.0.0/",
  "http://0/",
  "http://10.0.0.1/",
  "http://012.0.0.1/",
  "http://172.16.0.1/",
  "http://172.31.255.255/",
  "http://192.168.1.1/",
  "http://3232235777/",
  "http://169.254.169.254/latest/meta-data/",
  "http://100.64.0.1/",
  "http://198.18.0.1/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://[::1]/",
  "http://[::]/",
  "http://[0:0:0:0:0:0:0:1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://[::127.0.0.1]/",
  "http://[64:ff9b::10.0.0.1]/",
  "http://[64:ff9b:1::1]/",
  "http://[2002:7f00:1::]/",
  "http://[2002:c0a8:101::1]/",
  "http://[2001::1]/",
  "http://[2001:db8::1]/",
  "http://[fc00::1]/",
  "http://[fd12:3456::1]/",
  "http://[fe80::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://router/",
  "http://nas.local/",
  "http://metadata.google.internal/",
  "http://printer.home.arpa/",
  "http://①②⑦.0.0.1/",
  "http://127。0。0。1/",
];

describe("a webhook's address, where coord is deployed", () => {
  it.each(PRIVATE)("may not be %s", (url) => {
    expect(webhookProblem(url, false)).toMatch(/private|not a URL/);
  });

  it.each([
    "https://hooks.example.com/a2a?x=1",
    "http://8.8.8.8/",
    "http://172.32.0.1/",
    "http://172.15.0.1/",
    "http://100.128.0.1/",
    "http://192.169.0.1/",
    "https://[2606:4700::1111]/",
    "http://[::ffff:8.8.8.8]/",
    "https://local.example.org:8443/",
  ])("may be %s", (url) => {
    expect(webhookProblem(url, false)).toBeUndefined();
  });
});

describe("a webhook's address, where coord is local", () => {
  it.each(["http://127.0.0.1:9/", "http://localhost:8080/x", "http://[::1]:1/", "http://127.1/", "http://[::ffff:127.0.0.1]/"])(
    "may be %s",
    (url) => {
      expect(webhookProblem(url, true)).toBeUndefined();
    },
  );

  it.each(["http://10.0.0.1/", "https://hooks.example.com/", "http://192.168.1.1/", "http://0.0.0.0/"])(
    "may not be %s: nothing leaves this machine",
    (url) => {
      expect(webhookProblem(url, true)).toContain("this machine");
    },
  );
});

describe("a webhook's URL, anywhere,", () => {
  it.each([
    ["", "not a URL"],
    ["hooks.example.com", "not a URL"],
    ["ftp://example.com/", "http: and https:"],
    ["file:///etc/passwd", "http: and https:"],
    ["javascript:alert(1)", "http: and https:"],
    ["http://user:pass@127.0.0.1/", "password"],
    ["http://[::1/", "not a URL"],
    ["http://127.0.0.1:99999/", "not a URL"],
    [`http://127.0.0.1/${"x".repeat(2048)}`, "longer than 2048"],
  ])("may not be %j", (url, problem) => {
    for (const local of [true, false]) expect(webhookProblem(url, local)).toContain(problem);
  });
});
