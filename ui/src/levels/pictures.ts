/** The pictures of the levels that nobody sees first: one chunk, as one level leads to the next. */

export { CellMacro } from "./cellmacro";
export { Cells } from "./cells";
export { DcLink } from "./dclink";
export { Igbt } from "./igbt";
export { Meter } from "./meter";
export { Modules } from "./modules";
export { Ntc } from "./ntc";
export { OperatingPoint } from "./operatingpoint";
export { Racks } from "./racks";
export { Safety } from "./safety";
export { Spread } from "./spread";
export { Thermal } from "./thermal";
