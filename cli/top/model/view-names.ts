/** The views, in the order in which `f` goes round. */
export const VIEWS = ["active", "attention", "all", "log"] as const;
export type ViewName = (typeof VIEWS)[number];
