import { expect } from "vitest";

interface Node {
  id: string;
  type: string;
  x: number;
  y: number;
  width: number;
  height: number;
  color?: string;
  file?: string;
  text?: string;
  label?: string;
}

interface Edge {
  id: string;
  fromNode: string;
  toNode: string;
  fromSide?: string;
  toSide?: string;
  toEnd?: string;
  color?: string;
}

const SIDES = ["top", "right", "bottom", "left"];

/** Holds a canvas against the rules of JSON Canvas 1.0, and against what makes it readable: cards lie in their group and on nothing else. */
export function assertCanvas(text: string, files: ReadonlySet<string>): void {
  const { nodes, edges } = JSON.parse(text) as { nodes: Node[]; edges: Edge[] };
  const ids = [...nodes, ...edges].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const node of nodes) {
    for (const value of [node.x, node.y, node.width, node.height]) expect(Number.isInteger(value)).toBe(true);
    expect(["text", "file", "link", "group"]).toContain(node.type);
    if (node.color !== undefined) expect(node.color).toMatch(/^[1-6]$|^#[0-9a-fA-F]{6}$/);
    if (node.type === "file") expect(files, node.file).toContain(node.file);
    if (node.type === "text") expect(typeof node.text).toBe("string");
  }
  const known = new Set(nodes.map(({ id }) => id));
  for (const edge of edges) {
    expect(known).toContain(edge.fromNode);
    expect(known).toContain(edge.toNode);
    for (const side of [edge.fromSide, edge.toSide]) if (side !== undefined) expect(SIDES).toContain(side);
    if (edge.toEnd !== undefined) expect(["none", "arrow"]).toContain(edge.toEnd);
  }
  // Array order is z-order: a group is drawn below its cards.
  const firstCard = nodes.findIndex(({ type }) => type !== "group");
  expect(nodes.slice(Math.max(0, firstCard)).every(({ type }) => type !== "group")).toBe(true);
  const groups = nodes.filter(({ type }) => type === "group");
  const cards = nodes.filter(({ type }) => type === "file");
  for (const card of cards) expect(groups.filter((group) => lies(card, group))).toHaveLength(1);
  const places = cards.map(({ x, y }) => `${x} ${y}`);
  expect(new Set(places).size).toBe(places.length);
}

function lies(inner: Node, outer: Node): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}
