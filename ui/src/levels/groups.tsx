/** Every figure of a level, whatever plant it is: one part as tiles, many parts of a kind as a table. */

import { Figure } from "../figures/figure";
import { model } from "../figures/snapshot";
import { t } from "../i18n";
import { labelOf } from "../plant/model";
import { kindOf, partShort, partTitle, splitId } from "../plant/parts";
import type { LevelRow } from "../wire/schema";

interface Group {
  kind: string;
  /** Part (and device, where two report the same) → metric → id. */
  rows: Map<string, Map<string, string>>;
  metrics: string[];
}

const PICTURED = new Set(["cell", "sensor"]);
const FEW = 2;

export function FigureGroups({ level }: { level: LevelRow }) {
  const groups = groupsOf(level.figures.map((figure) => figure.id));
  return (
    <section class="groups" aria-label={t("level.figures")}>
      {groups.map((group) =>
        group.rows.size <= FEW ? <Tiles key={group.kind} group={group} /> : <Table key={group.kind} group={group} />,
      )}
    </section>
  );
}

export function groupsOf(ids: string[]): Group[] {
  const groups = new Map<string, Group>();
  for (const id of ids) {
    const { part, metric, device } = splitId(id);
    const kind = kindOf(part) ?? "other";
    if (PICTURED.has(kind)) continue;
    let group = groups.get(kind);
    if (!group) groups.set(kind, (group = { kind, rows: new Map(), metrics: [] }));
    const row = device ? `${part}@${device.split(".")[0]}` : part;
    let cells = group.rows.get(row);
    if (!cells) group.rows.set(row, (cells = new Map()));
    cells.set(metric, id);
    if (!group.metrics.includes(metric)) group.metrics.push(metric);
  }
  return [...groups.values()].map(mergeRows);
}

// a rack that two devices report keeps one row per device only where their figures differ in name
function mergeRows(group: Group): Group {
  const rows = new Map([...group.rows].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })));
  return { ...group, rows };
}

function Tiles({ group }: { group: Group }) {
  return (
    <>
      {[...group.rows].map(([row, cells]) => (
        <div class="group" key={row}>
          <h2 data-nav>{rowTitle(row)}</h2>
          <div class="tiles">
            {[...cells.values()].map((id) => (
              <Figure key={id} id={id} />
            ))}
          </div>
        </div>
      ))}
    </>
  );
}

function Table({ group }: { group: Group }) {
  const of = model.value!;
  const first = (metric: string) => [...group.rows.values()].map((cells) => cells.get(metric)).find(Boolean)!;
  return (
    <div class="group">
      <h2>{t(`kinds.${group.kind}` as "kinds.rack")}</h2>
      <div class="scroll">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col" class="corner">
                <span class="hidden">{t("level.part")}</span>
              </th>
              {group.metrics.map((metric) => (
                <th key={metric} scope="col" data-nav>
                  {labelOf(of, first(metric))}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...group.rows].map(([row, cells]) => (
              <tr key={row}>
                <th scope="row" data-nav>
                  {rowShort(row)}
                </th>
                {group.metrics.map((metric) => (
                  <td key={metric}>{cells.has(metric) ? <Figure id={cells.get(metric)!} as="bare" /> : <span class="absent" title={t("figure.no_register")} />}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function rowTitle(row: string): string {
  const [part = "", device] = row.split("@");
  return device ? `${partTitle(part)} · ${device}` : partTitle(part);
}

function rowShort(row: string): string {
  const [part = "", device] = row.split("@");
  return device ? `${partShort(part)} ${device}` : partShort(part);
}
