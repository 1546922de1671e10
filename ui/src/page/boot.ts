/** Brings the page to life: session, plant, schema, levels, then the live socket. */

import { batch, effect, signal } from "@preact/signals";
import { keepJournal } from "../figures/journal";
import { health, held, link, live, model, take, tick } from "../figures/snapshot";
import { language } from "../i18n";
import { vendor, vendorWords } from "../i18n/vendor";
import { buildModel } from "../plant/model";
import { api, ApiError } from "../wire/api";
import { Live, liveUrl } from "../wire/live";
import type { Session } from "../wire/schema";
import { route } from "./route";

export const session = signal<Session | null>(null);
export const signInNeeded = signal(false);
export const failure = signal<string | null>(null);

const HEALTH_MS = 5000;
const RETRY_MS = 3000;
const TICK_MS = 250;
/** Ages are written anew with each frame; without one they still grow at this pace. */
const QUIET_MS = 1000;

let socket: Live | null = null;
let wanted: string | null = null;
let loading = false;

export async function start(): Promise<void> {
  setInterval(keepTime, TICK_MS);
  setInterval(() => void readHealth(), HEALTH_MS);
  addEventListener("online", () => socket?.retry());
  keepJournal();
  let first = true;
  effect(() => {
    void language.value;
    if (!first && model.peek()) void load();
    first = false;
  });
  await enter();
}

function keepTime(): void {
  const now = performance.now();
  if (now - tick.peek() >= QUIET_MS) tick.value = now;
}

/** Asks who is there; loads the plant, or shows the sign-in form. */
export async function enter(): Promise<void> {
  try {
    session.value = await api.session();
    signInNeeded.value = session.value.required === true && !session.value.user;
    if (!signInNeeded.value) await load();
  } catch (error) {
    fail(error);
  }
}

async function load(): Promise<void> {
  if (loading) return;
  loading = true;
  try {
    const [plant, schema, levels] = await Promise.all([api.plant(), api.schema(language.value), api.levels(language.value), vendorWords()]);
    for (const named of [plant, ...schema.devices]) named.label = vendor(named.label);
    const next = buildModel(schema, plant, levels);
    const now = live.peek();
    const same = now !== null && now.frame.schemaHash === schema.hash && now.values.length === next.decoder.size;
    if (!same) live.value = null;
    model.value = next;
    failure.value = null;
    connect();
    void readHealth();
  } catch (error) {
    fail(error);
  } finally {
    loading = false;
  }
}

function fail(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) {
    signInNeeded.value = true;
    return;
  }
  failure.value = error instanceof Error ? error.message : String(error);
  setTimeout(() => void enter(), RETRY_MS);
}

async function readHealth(): Promise<void> {
  if (signInNeeded.value || !model.peek()) return;
  try {
    health.value = await api.health();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) signInNeeded.value = true;
    else health.value = null;
  }
}

function connect(): void {
  if (socket) return;
  socket = new Live(liveUrl(location.origin), {
    onState: (state, retryAtMs) => (link.value = { state, retryAtMs }),
    onSchema: (hash) => {
      wanted = hash;
      if (model.peek() && model.peek()!.schema.hash !== hash) void load();
    },
    onFrame: (frame) => {
      const of = model.peek();
      if (!of) return;
      // a frame of another schema would be decoded with the wrong rules
      if (frame.schemaHash !== of.schema.hash.slice(0, 8)) {
        if (route.peek().time !== null && held.peek()) return; // the page shows a time with a schema of its own
        if (wanted !== frame.schemaHash) void load();
        wanted = frame.schemaHash;
        return;
      }
      wanted = null;
      const next = take(frame, of);
      batch(() => {
        live.value = next;
        tick.value = next.receivedMs;
      });
    },
    onError: (error) => (failure.value = error.message),
  });
  socket.open();
}

export async function signIn(user: string, password: string): Promise<void> {
  await api.signIn(user, password);
  signInNeeded.value = false;
  await enter();
  socket?.retry();
}

export async function signOut(): Promise<void> {
  await api.signOut();
  location.reload();
}
