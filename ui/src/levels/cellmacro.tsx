/** Level 4: the cells of one module against their mean, and what the model of the open circuit says. */

import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { find, indexIn, partsOf } from "../plant/model";
import { above, partTitle, segment, splitId } from "../plant/parts";
import { navigate, openFigure, route } from "../page/route";
import { focusedCell } from "../scene/focus";
import { Columns } from "../twin2d/bars";
import { deviationColour } from "../twin2d/colour";
import { reachOf } from "../twin2d/statistics";
import { idAt } from "./field";
import { Ocv } from "./ocv";
import { PartChoice } from "./partchoice";

export function CellMacro() {
  const of = model.value!;
  const field = of.cells;
  if (!field) return <p class="picture hatched">{t("cells.none")}</p>;
  const { figure } = route.value;
  // the same cell as the machine in space opens
  const cell = field.parts[focusedCell(of)]!;
  const module = above(cell, "module")!;
  const first = indexIn(field, `${module}/${segment("cell", 1)}`);
  if (first < 0) return <p class="picture hatched">{t("cells.none")}</p>;
  const ids = Array.from({ length: field.each }, (_, n) => idAt(field, first + n)).filter((id): id is string => id !== null);
  const values = ids.map((id) => read(id).value).filter((value): value is number => value !== null);
  const mean = find(of, module, "cell_voltage_mean");
  const centre = (mean ? read(mean).value : null) ?? values.reduce((a, b) => a + b, 0) / (values.length || 1);
  const reach = reachOf(Math.max(2, ...values.map((value) => Math.abs(value - centre) * 1e3)));
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
          selected={figure && ids.includes(figure) ? figure : find(of, cell, "voltage")}
          colour={(value) => deviationColour(value, reach)}
          onSelect={openFigure}
        />
        <div class="tiles">
          {find(of, cell, "voltage") && <Figure id={find(of, cell, "voltage")!} label={partTitle(cell)} />}
          {mean && <Figure id={mean} />}
          {residuals.map((id) => (
            <Figure key={id} id={id} />
          ))}
        </div>
      </section>
      <Ocv cell={cell} ids={ids} />
    </>
  );
}
