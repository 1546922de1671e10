/** The live socket: frames in, reconnects with back-off, and never more than one frame behind. */

import { readFrame, type Frame } from "./frame";

export type LinkState = "connecting" | "open" | "waiting";

export interface LinkEvents {
  onState(state: LinkState, retryAtMs: number | null): void;
  /** The server names the schema its frames follow. */
  onSchema(hash: string): void;
  onFrame(frame: Frame): void;
  onError(error: Error): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** A socket that is open and says nothing for this long is taken for dead. */
const SILENCE_MS = 12_000;

export class Live {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private wait = FIRST_WAIT_MS;
  private closed = false;
  private busy = false;
  private next: ArrayBuffer | null = null;

  constructor(
    private readonly url: string,
    private readonly events: LinkEvents,
  ) {}

  open(): void {
    if (this.closed) return;
    clearTimeout(this.timer);
    this.events.onState("connecting", null);
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.events.onState("open", null);
      this.listen();
    };
    socket.onmessage = (message: MessageEvent<ArrayBuffer | string>) => this.receive(message.data);
    socket.onclose = () => this.lost(socket);
    const previous = this.socket;
    this.socket = socket;
    previous?.close();
  }

  /** Tries again at once (the network is back, the person asked for it). */
  retry(): void {
    if (this.socket?.readyState === WebSocket.OPEN) return;
    this.wait = FIRST_WAIT_MS;
    this.open();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.socket?.close();
  }

  private receive(data: ArrayBuffer | string): void {
    this.wait = FIRST_WAIT_MS;
    this.listen();
    if (typeof data === "string") {
      const message = JSON.parse(data) as { schema?: string };
      if (message.schema) this.events.onSchema(message.schema);
      return;
    }
    this.next = data;
    if (!this.busy) void this.drain();
  }

  // while one frame is inflated only the newest of those that came is kept
  private async drain(): Promise<void> {
    this.busy = true;
    while (this.next) {
      const data = this.next;
      this.next = null;
      try {
        this.events.onFrame(await readFrame(data));
      } catch (error) {
        this.events.onError(error as Error);
      }
    }
    this.busy = false;
  }

  private listen(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket?.close(), SILENCE_MS);
  }

  private lost(socket: WebSocket): void {
    if (socket !== this.socket || this.closed) return;
    clearTimeout(this.silence);
    const wait = this.wait * (0.75 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    this.events.onState("waiting", performance.now() + wait);
    this.timer = setTimeout(() => this.open(), wait);
  }
}

/** The socket's address on the page's own origin. */
export function liveUrl(origin: string): string {
  return `${origin.replace(/^http/, "ws")}/api/live`;
}
