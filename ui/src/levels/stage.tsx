/** The machine in space above a level; three.js comes by itself once the page stands. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { fetched } from "../page/lazy";

/** Whether this browser can draw in space at all; where not, nothing is fetched and no place is kept. */
const able = document.createElement("canvas").getContext("webgl2") !== null;

type Host = ComponentType<{ level: number }>;
let loaded: Host | null = null;

export function SpaceView({ level }: { level: number }) {
  const [Host, setHost] = useState<Host | null>(() => loaded);
  useEffect(() => {
    if (Host || !able) return;
    void fetched(() => import("../scene/host")).then((module) => {
      loaded = module.default;
      setHost(() => module.default);
    });
  }, []);
  if (!able) return null;
  return Host ? <Host level={level} /> : <div class="scene-waiting" />;
}
