/** Every figure of a level, whatever plant it is: one part as tiles, many parts of a kind as a table. */

import { useMemo } from "preact/hooks";
import { Figure } from "../figures/figure";
import { model } from "../figures/snapshot";
import { t, type Key } from "../i18n";
import { labelOf, sourceOf } from "../plant/model";
import { kindOf, partShort, partTitle, splitId } from "../plant/parts";
import type { LevelRow } from "../wire/schema";

interface Group {
  kind: string;
  /** Part → metric → ids: more than one where several devices report the same. */
  rows: Map<string, Map<string, string[]>>;
  metrics: string[];
}

/** Kinds that only the pictures can show. */
const PICTURED = new Set(["cell", "sensor"]);
/** Parts of a kind that still stand as tiles. */
const FEW = 2;
/** Metrics of a kind that are not worth a table. */
const NARROW = 1;

export function FigureGroups({ level }: { level: LevelRow }) {
  const groups = useMemo(() => groupsOf(level.figures.filter((figure) => figure.part).map((figure) => figure.id)), [level]);
  return (
    <section class="groups" aria-label={t("level.figures")}>
      {groups.map((group) => {
        if (group.rows.size <= FEW) return <Tiles key={group.kind} group={group} />;
        return group.metrics.length <= NARROW ? <Many key={group.kind} group={group} /> : <Table key={group.kind} group={group} />;
      })}
      <Unmapped ids={level.figures.filter((figure) => !figure.part).map((figure) => figure.id)} />
    </section>
  );
}

/** What the level asks for and no device of this plant carries: a hole is part of the picture. */
function Unmapped({ ids }: { ids: string[] }) {
  if (ids.length === 0) return null;
  return (
    <div class="group">
      <h2>{t("level.unmapped")}</h2>
      <div class="tiles">
        {ids.map((id) => (
          <Figure key={id} id={id} />
        ))}
      </div>
    </div>
  );
}

const ORDER = new Intl.Collator("en", { numeric: true });

export function groupsOf(ids: string[]): Group[] {
  const groups = new Map<string, Group>();
  for (const id of ids) {
    const { part, metric } = splitId(id);
    const kind = kindOf(part) ?? "other";
    if (PICTURED.has(kind)) continue;
    let group = groups.get(kind);
    if (!group) groups.set(kind, (group = { kind, rows: new Map(), metrics: [] }));
    let cells = group.rows.get(part);
    if (!cells) group.rows.set(part, (cells = new Map()));
    cells.set(metric, [...(cells.get(metric) ?? []), id]);
    if (!group.metrics.includes(metric)) group.metrics.push(metric);
  }
  for (const group of groups.values()) {
    group.rows = new Map([...group.rows].sort(([a], [b]) => ORDER.compare(a, b)));
  }
  return [...groups.values()];
}

function Tiles({ group }: { group: Group }) {
  return (
    <>
      {[...group.rows].map(([part, cells]) => (
        <div class="group" key={part}>
          <h2 data-nav>{partTitle(part)}</h2>
          <div class="tiles">
            {[...cells.values()].flat().map((id) => (
              <Figure key={id} id={id} />
            ))}
          </div>
        </div>
      ))}
    </>
  );
}

function Many({ group }: { group: Group }) {
  const of = model.value!;
  const metric = group.metrics[0]!;
  return (
    <div class="group">
      <h2 data-nav>{`${t(kindKey(group.kind))} · ${labelOf(of, firstOf(group, metric))}`}</h2>
      <div class="many">
        {[...group.rows].flatMap(([part, cells]) =>
          (cells.get(metric) ?? []).map((id, _, ids) => <Figure key={id} id={id} as="line" label={ids.length > 1 ? `${partShort(part)} ${sourceOf(of, id)}` : partShort(part)} />),
        )}
      </div>
    </div>
  );
}

function Table({ group }: { group: Group }) {
  const of = model.value!;
  return (
    <div class="group">
      <h2>{t(kindKey(group.kind))}</h2>
      <div class="scroll">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col" class="corner">
                <span class="hidden">{t("level.part")}</span>
              </th>
              {group.metrics.map((metric) => (
                <th key={metric} scope="col" data-nav>
                  {labelOf(of, firstOf(group, metric))}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...group.rows].map(([part, cells]) => (
              <tr key={part}>
                <th scope="row" data-nav>
                  {partShort(part)}
                </th>
                {group.metrics.map((metric) => (
                  <td key={metric}>
                    <Cell ids={cells.get(metric) ?? []} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** What one register says, or what each of several devices says: none is silently preferred. */
function Cell({ ids }: { ids: string[] }) {
  const of = model.value!;
  if (ids.length === 0) return <span class="absent" title={t("figure.no_register")} />;
  if (ids.length === 1) return <Figure id={ids[0]!} as="bare" />;
  return (
    <span class="sources">
      {ids.map((id) => (
        <Figure key={id} id={id} as="line" label={sourceOf(of, id)} />
      ))}
    </span>
  );
}

function firstOf(group: Group, metric: string): string {
  return [...group.rows.values()].flatMap((cells) => cells.get(metric) ?? [])[0]!;
}

function kindKey(kind: string): Key {
  return `kinds.${kind}` as Key;
}
