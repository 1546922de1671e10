import type { ComponentType } from "preact";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { Attention } from "./attention";
import { CellMacro } from "./cellmacro";
import { Cells } from "./cells";
import { DcLink } from "./dclink";
import { FigureGroups } from "./groups";
import { Igbt } from "./igbt";
import { Meter } from "./meter";
import { Modules } from "./modules";
import { Ntc } from "./ntc";
import { OneLine } from "./oneline";
import { OperatingPoint } from "./operatingpoint";
import { Racks } from "./racks";
import { Safety } from "./safety";
import { Spread } from "./spread";
import { Thermal } from "./thermal";

const PICTURES: Record<number, ComponentType> = {
  1: () => <OneLine detail="meter" />,
  2: () => <OneLine detail="pcs" />,
  3: Racks,
  4: CellMacro,
  5: Thermal,
  6: Modules,
  7: Cells,
  8: Spread,
  9: Ntc,
  10: Igbt,
  11: DcLink,
  12: OperatingPoint,
  13: Meter,
  14: Safety,
};

/** One level: the question it answers, its picture, and every figure that belongs to it. */
export function LevelView({ number }: { number: number }) {
  const of = model.value!;
  const level = of.levels.find((row) => row.id === number);
  const Picture = PICTURES[number];
  if (!level) return <p class="waiting">{t("level.unknown")}</p>;
  return (
    <article class="view" aria-labelledby="level-title">
      <header class="level-head">
        <span class="level-big" data-nav aria-hidden="true">
          {String(number).padStart(2, "0")}
        </span>
        <div>
          <h1 id="level-title" data-nav>
            {level.title}
          </h1>
          <p class="question" data-nav>
            {level.question}
          </p>
        </div>
      </header>
      <Attention level={number} />
      {Picture && <Picture />}
      <FigureGroups level={level} />
    </article>
  );
}
