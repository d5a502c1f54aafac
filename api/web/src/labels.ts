// Which names are written in a picture, and where: the most important first, none over another.

export interface Wanted {
  key: string;
  text: string;
  x: number;
  y: number;
  radius: number;
  rank: Rank;
}
/**
 * ``must``: written if there is any place at all, also far from its point; ``large``: also over
 * points; ``free``: where nothing is covered.
 */
export type Rank = "must" | "large" | "free";
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}
export interface Placed extends Box {
  key: string;
  text: string;
  rank: Rank;
  /** Where a line from the point to the name ends, when the name does not stand beside it. */
  lead: { x: number; y: number } | null;
}
interface Ground {
  width: number;
  height: number;
  /** How high a line of text is. */
  line: number;
  /** How many names may be written that need not be. */
  most: number;
  /** How many lines from its point a name may stand. */
  rings: number;
  measure: (text: string, rank: Rank) => number;
}

const GAP = 3;
const APART = 2;
const CELL = 48;
const LONGEST = 44;
const DIRECTIONS = 16;
// So many places around a point are tried before a name covers other points.
const NEARBY = 24;

/** Shorten a name at a word, where it is too long to be written beside a point. */
export function shortened(name: string): string {
  if (name.length <= LONGEST) return name;
  const cut = name.slice(0, LONGEST);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), LONGEST / 2)).replace(/[\s,–(-]+$/, "")} …`;
}

export function overlap(a: Box, b: Box, apart = 0): boolean {
  return (
    a.left < b.left + b.width + apart &&
    b.left < a.left + a.width + apart &&
    a.top < b.top + b.height + apart &&
    b.top < a.top + a.height + apart
  );
}

// Boxes by the cells of a grid that they touch: only neighbours are compared.
class Taken {
  private readonly cells = new Map<string, Box[]>();

  private *cellsOf(box: Box): Generator<string> {
    const last = [box.left + box.width + APART, box.top + box.height + APART];
    for (let x = Math.floor((box.left - APART) / CELL); x * CELL <= (last[0] ?? 0); x++) {
      for (let y = Math.floor((box.top - APART) / CELL); y * CELL <= (last[1] ?? 0); y++) {
        yield `${x} ${y}`;
      }
    }
  }

  add(box: Box): void {
    for (const cell of this.cellsOf(box)) {
      const there = this.cells.get(cell);
      if (there) there.push(box);
      else this.cells.set(cell, [box]);
    }
  }

  hits(box: Box): boolean {
    for (const cell of this.cellsOf(box)) {
      if (this.cells.get(cell)?.some((other) => overlap(box, other, APART))) return true;
    }
    return false;
  }
}

// Beside the point first, to the right as one reads; then above, below, to the left.
function* beside(wanted: Wanted, width: number, height: number): Generator<Box> {
  const { x, y } = wanted;
  const far = wanted.radius + GAP;
  const middle = { left: x - width / 2, top: y - height / 2 };
  for (const [left, top] of [
    [x + far, middle.top],
    [middle.left, y - far - height],
    [middle.left, y + far],
    [x - far - width, middle.top],
    [x + far * 0.7, y - far * 0.7 - height],
    [x + far * 0.7, y + far * 0.7],
    [x - far * 0.7 - width, y - far * 0.7 - height],
    [x - far * 0.7 - width, y + far * 0.7],
  ] as const) {
    yield { left, top, width, height };
  }
}

// On rings around the point, each farther out.
function* around(wanted: Wanted, width: number, height: number, rings: number): Generator<Box> {
  for (let ring = 1; ring <= rings; ring++) {
    const far = wanted.radius + GAP + ring * height;
    for (let step = 0; step < DIRECTIONS; step++) {
      const turn = (step * 2 * Math.PI) / DIRECTIONS;
      const [across, down] = [Math.cos(turn), Math.sin(turn)];
      yield {
        left: wanted.x + across * (far + width / 2) - width / 2,
        top: wanted.y + down * far - height / 2,
        width,
        height,
      };
    }
  }
}

function leadTo(box: Box, wanted: Wanted): { x: number; y: number } {
  return {
    x: Math.min(Math.max(wanted.x, box.left), box.left + box.width),
    y: Math.min(Math.max(wanted.y, box.top), box.top + box.height),
  };
}

/**
 * Find places for names, given in the order of their importance. What finds none is left out.
 *
 * ``points``: what names rather do not cover; where nothing else is free, those of the
 * ranks ``must`` and ``large`` do.
 */
export function place(names: Iterable<Wanted>, points: Iterable<Box>, ground: Ground): Placed[] {
  const placed: Placed[] = [];
  const texts = new Taken();
  const marks = new Taken();
  for (const point of points) marks.add(point);
  const isInside = (box: Box): boolean =>
    box.left >= 0 &&
    box.top >= 0 &&
    box.left + box.width <= ground.width &&
    box.top + box.height <= ground.height;
  let free = ground.most;
  for (const wanted of names) {
    const must = wanted.rank === "must";
    if (!must && free <= 0) continue;
    const width = ground.measure(wanted.text, wanted.rank);
    const isFree = (box: Box): boolean => isInside(box) && !texts.hits(box);
    const near = [...beside(wanted, width, ground.line)].filter(isFree);
    const isClear = (box: Box): boolean => !marks.hits(box);
    let box = near.find(isClear);
    let lead: Placed["lead"] = null;
    if (!box && must) {
      const far = [...around(wanted, width, ground.line, ground.rings)].filter(isFree);
      const led = far.slice(0, NEARBY).find(isClear) ?? (near.length ? undefined : far[0]);
      box = led;
      lead = led ? leadTo(led, wanted) : null;
    }
    if (!box && wanted.rank !== "free") box = near[0];
    if (!box) continue;
    texts.add(box);
    placed.push({ ...box, key: wanted.key, text: wanted.text, rank: wanted.rank, lead });
    if (!must) free--;
  }
  return placed;
}
