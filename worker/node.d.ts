/** The one thing used of Node's own modules (compatibility flag `nodejs_compat`): a hash that does not need an await. */
declare module "node:crypto" {
  export function createHash(algorithm: "sha256"): { update(text: string): { digest(encoding: "hex"): string } };
}
