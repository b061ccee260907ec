/**
 * Whether an address can be connected to. Bun's fetch does not tell when it is connected, so where no answer has begun
 * after a while, a connection of one's own tells whether that is the network's fault.
 */
import { connect } from "node:net";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function addressOf(url: string): Address {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === "https:" ? 443 : 80;
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? usual : Number(port) };
}

/** Calls back once where nothing is connected within the time, tried after as long; what it returns stops that. */
export function watchConnecting(address: () => Address, limitMs: number, onFailure: () => void): () => void {
  let stop = () => clearTimeout(timer);
  const timer = setTimeout(() => {
    const socket = connect(address());
    const late = setTimeout(() => fail(), limitMs);
    const end = () => {
      clearTimeout(late);
      socket.destroy();
    };
    const fail = () => {
      end();
      onFailure();
    };
    socket.once("connect", end);
    // Who refuses now may well have taken the request: that says nothing of it.
    socket.on("error", end);
    stop = end;
  }, limitMs);
  return () => stop();
}
