import { inflateRawSync } from "node:zlib";

/** More than any list of tasks takes; a file that unpacks to more is none. In bytes. */
const LARGEST = 256 * 1024 * 1024;

const END = 0x06054b50;
const ENTRY = 0x02014b50;

/**
 * One file out of a ZIP archive (APPNOTE 6.3, stored or deflated, without encryption and ZIP64), by its path; undefined where there is none.
 * @throws Error where the archive is damaged, or is of a kind that is not read
 */
export function fileInZip(zip: Buffer, path: string, largest = LARGEST): Buffer | undefined {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end === -1 || end + 22 > zip.length || zip.readUInt32LE(end) !== END) throw new Error("its directory is missing: it was cut off");
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  for (let entry = 0; entry < count; entry += 1) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== ENTRY) throw new Error("its directory is damaged");
    const [flags, method] = [zip.readUInt16LE(at + 8), zip.readUInt16LE(at + 10)];
    const [packed, size] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24)];
    const [nameLength, extraLength, commentLength] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    const start = zip.readUInt32LE(at + 42);
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    at += 46 + nameLength + extraLength + commentLength;
    if (name !== path) continue;
    if (flags & 1) throw new Error(`${path} in it is encrypted`);
    if (size > largest) throw new Error(`${path} in it is larger than ${largest} bytes`);
    if (start + 30 > zip.length) throw new Error("it is damaged");
    const from = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
    const bytes = zip.subarray(from, from + packed);
    if (bytes.length !== packed) throw new Error("it was cut off");
    if (method === 0) return bytes;
    if (method !== 8) throw new Error(`${path} in it is packed in a way that is not read (method ${method})`);
    return inflateRawSync(bytes, { maxOutputLength: largest });
  }
  return undefined;
}
