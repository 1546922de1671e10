/** Level 4: the cells of one module against their mean, and what the model of the open circuit says. */

import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { find, indexIn, partsOf } from "../plant/model";
import { above, numberOf, partTitle, segment, splitId } from "../plant/parts";
import { navigate, openFigure, route } from "../page/route";
import { Columns } from "../twin2d/bars";
import { deviationColour } from "../twin2d/colour";
import { reachOf } from "../twin2d/statistics";
import { idAt } from "./field";
import { Ocv } from "./ocv";
import { PartChoice } from "./partchoice";

/** The part of the cell that stands farthest from the mean, where none is named. */
function farthest(ids: string[], centre: number): string | null {
  let found: string | null = null;
  let most = -1;
  for (const id of ids) {
    const value = read(id).value;
    if (value === null || Math.abs(value - centre) <= most) continue;
    most = Math.abs(value - centre);
    found = splitId(id).part;
  }
  return found;
}

export function CellMacro() {
  const of = model.value!;
  const field = of.cells;
  if (!field) return <p class="picture hatched">{t("cells.none")}</p>;
  const { figure, at } = route.value;
  const looked = figure && indexIn(field, splitId(figure).part) >= 0 ? splitId(figure).part : at;
  const module = (looked && above(looked, "module")) ?? `${(looked && above(looked, "rack")) ?? field.rackParts[0]}/m1`;
  const first = indexIn(field, `${module}/${segment("cell", 1)}`);
  if (first < 0) return <p class="picture hatched">{t("cells.none")}</p>;
  const ids = Array.from({ length: field.each }, (_, n) => idAt(field, first + n)).filter((id): id is string => id !== null);
  const values = ids.map((id) => read(id).value).filter((value): value is number => value !== null);
  const mean = find(of, module, "cell_voltage_mean");
  const centre = (mean ? read(mean).value : null) ?? values.reduce((a, b) => a + b, 0) / (values.length || 1);
  const reach = reachOf(Math.max(2, ...values.map((value) => Math.abs(value - centre) * 1e3)));
  const named = looked && numberOf(looked, "cell") !== null ? looked : null;
  const cell = named ?? farthest(ids, centre);
  const rack = above(module, "rack")!;
  const residuals = [module, rack].map((part) => find(of, part, "ocv_residual")).filter((id): id is string => id !== null);
  return (
    <>
      <section class="picture" aria-label={t("macro.title")}>
        <div class="toolbar">
          <PartChoice value={module} parts={partsOf(of, "module")} label={t("part.module")} onChange={(part) => navigate({ at: part, figure: null })} />
          <h2 data-nav>
            {t(mean ? "macro.against_register" : "macro.against_mean")} · {partTitle(module)}
          </h2>
        </div>
        <Columns
          columns={ids.map((id) => ({ id, label: partTitle(splitId(id).part) }))}
          valueOf={(value) => (value - centre) * 1e3}
          from={-reach}
          to={reach}
          base={0}
          unit="mV"
          label={t("macro.keys")}
          selected={figure && ids.includes(figure) ? figure : cell ? find(of, cell, "voltage") : null}
          colour={(value) => deviationColour(value, reach)}
          onSelect={openFigure}
        />
        <div class="tiles">
          {cell && find(of, cell, "voltage") && <Figure id={find(of, cell, "voltage")!} label={partTitle(cell)} />}
          {mean && <Figure id={mean} />}
          {residuals.map((id) => (
            <Figure key={id} id={id} />
          ))}
        </div>
      </section>
      {cell && <Ocv cell={cell} ids={ids} />}
    </>
  );
}
