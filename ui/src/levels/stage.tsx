/** The machine in space above a level; three.js comes by itself, beside the plant's schema. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { fetched } from "../page/lazy";
import { tierHere } from "../scene/tier";

type Host = ComponentType<{ level: number }>;
let loaded: Host | null = null;
let fetching: Promise<void> | null = null;

/** Fetches what draws in space, once; nothing where this browser cannot. Done when it is here. */
export function fetchSpace(): Promise<void> {
  return (fetching ??= tierHere() === null ? Promise.resolve() : fetched(() => import("../scene/host")).then((part) => void (loaded = part.default)));
}

export function SpaceView({ level }: { level: number }) {
  const [Host, setHost] = useState<Host | null>(() => loaded);
  useEffect(() => {
    if (!Host) void fetchSpace().then(() => setHost(() => loaded));
  }, []);
  if (tierHere() === null) return null;
  return Host ? <Host level={level} /> : <div class="scene-waiting" />;
}
