/** The way from a name in a list to the part itself. */

import { beside } from "../i18n/beside";
import { navigate } from "../page/route";
import { partShort, partTitle } from "../plant/parts";

const say = beside({ en: { fly: "Fly to {part}" }, de: { fly: "Hinfliegen: {part}" } });
const ONE_CELL = 4;

/** Flies to a cell; its register is opened by the figure beside it. */
export function FlyTo({ part, short = false }: { part: string; short?: boolean }) {
  const title = partTitle(part);
  const shown = short ? partShort(part) : title;
  const label = say("fly", { part: title });
  return (
    <button type="button" class="fly" data-nav aria-label={`${shown}: ${label}`} title={label} onClick={() => navigate({ view: "level", level: ONE_CELL, at: part, figure: null })}>
      <span aria-hidden="true">↗</span> {shown}
    </button>
  );
}
