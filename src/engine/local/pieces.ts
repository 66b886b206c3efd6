import { type Facts, type Listing, type Piece, pieceOf } from './read-folder.ts';
import { FILES_AT_ONCE } from './reading.ts';

/** Pieces that are read ahead of the one that is walked: as many as slow storage is asked at a time. */
const PIECES_AHEAD = 32;

/** Facts of the names in a folder from a certain place on. */
export interface KnownPiece {
  start: number;
  facts: Facts;
}

/** The facts of a folder's names, a piece at a time: a large folder is never known as a whole. */
export interface Pieces {
  /** The piece that a name is in, or a promise that it is known soon. Names are asked for in their order. */
  at(index: number): KnownPiece | Promise<void>;
}

export function startPieces(listing: Listing, read: (piece: Piece) => Promise<Facts>): Pieces {
  const known = new Map<number, Facts>(listing.facts && [[0, listing.facts]]);
  const begun = new Map<number, Promise<void>>();
  const last = Math.ceil(listing.names.length / FILES_AT_ONCE) - 1;

  function begin(number: number): void {
    if (known.has(number) || begun.has(number)) return;
    const piece = pieceOf(listing, number * FILES_AT_ONCE, FILES_AT_ONCE);
    const reading = read(piece).then(facts => {
      known.set(number, facts);
      begun.delete(number);
    });
    begun.set(number, reading);
  }

  return {
    at(index) {
      const number = Math.floor(index / FILES_AT_ONCE);
      for (let next = number; next <= Math.min(last, number + PIECES_AHEAD); next++) begin(next);
      known.delete(number - 1);
      const facts = known.get(number);
      return facts ? { start: number * FILES_AT_ONCE, facts } : begun.get(number)!;
    },
  };
}
