/** Run by Node, not by a browser: the plant as JSON on standard input, its GLB file on standard output. */

import { readFileSync, writeSync } from "node:fs";
import { plantGlb, type Exported } from "./plant";

const { plant, generator } = JSON.parse(readFileSync(0, "utf-8")) as { plant: Exported; generator: string };
const bytes = plantGlb(plant, generator);
for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
