import { useInput, usePaste } from "ink";
import { useSyncExternalStore } from "react";
import type { Screen } from "../screen.ts";
import { Frame } from "./Frame.tsx";

/** The live screen: what it shows is the screen's latest frame, and every key goes to it. */
export function App({ screen, hasColour }: { readonly screen: Screen; readonly hasColour: boolean }) {
  const picture = useSyncExternalStore(screen.subscribe, screen.frame);
  useInput((input, key) => screen.type(input, key));
  usePaste((text) => screen.paste(text));
  return <Frame of={picture} hasColour={hasColour} />;
}
