/** Claude's and GPT's tokenizers make 3.8 to 4.2 characters of such texts into a token; 3.5 bytes leaves room. */
const BYTES_PER_TOKEN = 3.5;

const encoder = new TextEncoder();

/** How many tokens a model reads for this answer, rather too many than too few. */
export function tokens(answer: unknown): number {
  return Math.ceil(encoder.encode(typeof answer === "string" ? answer : JSON.stringify(answer)).byteLength / BYTES_PER_TOKEN);
}
