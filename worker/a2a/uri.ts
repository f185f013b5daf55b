/** Where the work-queue extension's text is served; with the server's origin before it, it is the extension's URI. */
export const EXTENSION_PATH = "/ext/work-queue/v1";

export function extensionUri(origin: string): string {
  return `${origin}${EXTENSION_PATH}`;
}

/** Whether a URI means the extension: the same text, under whatever name this server was reached then. */
export function isExtension(uri: string): boolean {
  return /^https?:\/\/[^/?#]+\/ext\/work-queue\/v1\/?$/.test(uri);
}

/** What a message or request says to the extension, whichever of this server's names it used. */
export function extensionMetadata(metadata: Record<string, unknown> | undefined): unknown {
  return Object.entries(metadata ?? {}).find(([uri]) => isExtension(uri))?.[1];
}
