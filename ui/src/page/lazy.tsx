/** Parts of the page that are fetched when they are first shown, or before that, once the page stands. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

const RETRY_MS = 3000;

const parts: (() => Promise<unknown>)[] = [];

/** What `load` brings; asked again until the server gives it. */
export async function fetched<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch (reason) {
      console.warn(reason);
      await new Promise((over) => setTimeout(over, RETRY_MS));
    }
  }
}

/** A component whose code comes by `load`; until then `Waiting` keeps its place. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>, Waiting: ComponentType): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  const part = async () => (loaded ??= await fetched(load));
  parts.push(part);
  return function Lazy(props: P) {
    const [, redraw] = useState(false);
    const Part = loaded;
    useEffect(() => {
      if (!Part) void part().then(() => redraw(true));
    }, []);
    return Part ? <Part {...props} /> : <Waiting />;
  };
}

/** Fetches what was not shown yet: a passport must open even when the twin has just fallen silent. */
export function fetchRest(): void {
  for (const part of parts) void part();
}
