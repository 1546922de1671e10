/** Level 6: what each module carries, and what its rack's BMS reports about it, bit by bit. */

import { Figure } from "../figures/figure";
import { read } from "../figures/reading";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { find, findAll, partsOf } from "../plant/model";
import { above, partTitle, splitId } from "../plant/parts";
import { navigate, route } from "../page/route";
import { Columns } from "../twin2d/bars";
import { nice } from "../twin2d/statistics";
import { Lamps } from "./lamps";
import { PartChoice } from "./partchoice";

const OWN = ["voltage", "cell_voltage_sum", "soc", "soh", "cycles", "cell_voltage_mean", "temperature_mean", "status", "balancing"];
const WORDS = ["modules_in_service", "alarm_1_low", "alarm_1_high", "alarm_2_low", "alarm_2_high", "alarm_3_low", "alarm_3_high", "maintenance_low"];

export function Modules() {
  const of = model.value!;
  const parts = partsOf(of, "module");
  const { figure, at } = route.value;
  const looked = (figure && above(splitId(figure).part, "module")) || (at && above(at, "module")) || null;
  const rackLooked = (figure && above(splitId(figure).part, "rack")) || (at && above(at, "rack")) || null;
  const module = looked ?? parts.find((part) => rackLooked !== null && part.startsWith(`${rackLooked}/`)) ?? parts[0];
  if (!module) return <p class="picture hatched">{t("modules.none")}</p>;
  const rack = above(module, "rack")!;
  const columns = parts
    .map((part, i) => ({ id: find(of, part, "voltage"), label: partTitle(part), apart: i > 0 && above(part, "rack") !== above(parts[i - 1]!, "rack") }))
    .filter((column): column is { id: string; label: string; apart: boolean } => column.id !== null);
  const values = columns.map((column) => read(column.id).value).filter((value): value is number => value !== null);
  const middle = values.length ? values.reduce((a, b) => a + b, 0) / values.length : 0;
  const reach = nice(Math.max(0.2, ...values.map((value) => Math.abs(value - middle))));
  const from = Math.floor((middle - reach) * 10) / 10;
  const words = WORDS.flatMap((metric) => findAll(of, rack, metric));
  return (
    <>
      <section class="picture" aria-label={t("modules.voltage")}>
        <h2>{t("modules.voltage")}</h2>
        <Columns
          columns={columns}
          valueOf={(value) => value}
          from={from}
          to={Math.ceil((middle + reach) * 10) / 10}
          base={from}
          unit="V"
          label={t("modules.keys")}
          selected={find(of, module, "voltage")}
          onSelect={(id) => navigate({ at: splitId(id).part, figure: id })}
        />
        <div class="toolbar">
          <PartChoice value={module} parts={parts} label={t("part.module")} onChange={(part) => navigate({ at: part, figure: null })} />
          <h2 data-nav>{partTitle(module)}</h2>
        </div>
        <div class="tiles">
          {OWN.flatMap((metric) => findAll(of, module, metric)).map((id) => (
            <Figure key={id} id={id} />
          ))}
        </div>
      </section>
      <section class="picture" aria-label={t("modules.words")}>
        <h2 data-nav>
          {t("modules.words")} · {partTitle(rack)}
        </h2>
        {words.length ? words.map((id) => <Lamps key={id} id={id} />) : <p class="hatched note">{t("figure.no_register")}</p>}
      </section>
    </>
  );
}
