import type { ComponentType } from "preact";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { lazy } from "../page/lazy";
import { Attention } from "./attention";
import { FigureGroups } from "./groups";
import { OneLine } from "./oneline";

const Frame = () => <div class="picture-waiting" />;

function picture(name: keyof typeof import("./pictures")): ComponentType {
  return lazy(async () => (await import("./pictures"))[name], Frame);
}

const Said = lazy(async () => (await import("../tour/sentence")).LevelSaid, () => <p class="said" />);

const PICTURES: Record<number, ComponentType> = {
  1: () => <OneLine detail="meter" />,
  2: () => <OneLine detail="pcs" />,
  3: picture("Racks"),
  4: picture("CellMacro"),
  5: picture("Thermal"),
  6: picture("Modules"),
  7: picture("Cells"),
  8: picture("Spread"),
  9: picture("Ntc"),
  10: picture("Igbt"),
  11: picture("DcLink"),
  12: picture("OperatingPoint"),
  13: picture("Meter"),
  14: picture("Safety"),
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
          <Said level={number} />
        </div>
      </header>
      <Attention level={number} />
      {Picture && <Picture />}
      <FigureGroups level={level} />
    </article>
  );
}
