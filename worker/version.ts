declare const COORD_VERSION: string;

/** The program's version, put in by the build; sources run without one say so. */
export const VERSION: string = typeof COORD_VERSION === "string" ? COORD_VERSION : "0.0.0-source";
