import { t } from "../i18n";
import { find, partsOf } from "../plant/model";
import { partShort, partTitle } from "../plant/parts";
import { model } from "../figures/snapshot";
import { BarList, type Row } from "../twin2d/bars";

/** Level 3: how full each rack is, beside how full its bus says it is. */
export function Racks() {
  const of = model.value!;
  const soc = (part: string): Row => ({ id: find(of, part, "soc"), label: partShort(part) });
  const rows: Row[] = of.buses.length
    ? of.buses.flatMap((bus) => [{ ...soc(bus.id), heading: partTitle(bus.id) }, ...bus.racks.map(soc)])
    : partsOf(of, "rack").map(soc);
  return (
    <section class="picture" aria-label={t("racks.soc")}>
      <h2>{t("racks.soc")}</h2>
      <div class="two-up">
        {split(rows).map((half, i) => (
          <BarList key={i} rows={half} from={0} to={100} unit="%" as="bar" coloured />
        ))}
      </div>
    </section>
  );
}

// one list per bus where there are several
function split(rows: Row[]): Row[][] {
  const halves: Row[][] = [];
  for (const row of rows) {
    if (row.heading || halves.length === 0) halves.push([]);
    halves[halves.length - 1]!.push(row);
  }
  return halves;
}
