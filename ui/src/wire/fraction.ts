/** Scale and unit factor of a register as one fraction, so that a decimal value is one division and rounds once. */

const LARGEST_DENOMINATOR = 10n ** 9n;

/** 10^n as the nearest double, which `Math.pow` does not promise. */
export function power(exponent: number): number {
  return Number(`1e${exponent}`);
}

export type Fraction = readonly [num: number, den: number];

const fractions = new Map<string, Fraction>();

/** `10^sf × factor` as numerator and denominator: a factor that is a fraction of small numbers is taken as that fraction. */
export function fractionOf(sf: number, factor: number): Fraction {
  const key = `${sf}/${factor}`;
  let found = fractions.get(key);
  if (!found) {
    found = makeFraction(sf, factor);
    fractions.set(key, found);
  }
  return found;
}

function makeFraction(sf: number, factor: number): Fraction {
  let [num, den] = limitDenominator(factor);
  if (Number(num) / Number(den) !== factor) return [power(Math.max(sf, 0)) * factor, power(Math.max(-sf, 0))];
  if (sf >= 0) num *= 10n ** BigInt(sf);
  else den *= 10n ** BigInt(-sf);
  const common = divisor(num < 0n ? -num : num, den);
  return [Number(num / common), Number(den / common)];
}

/** The nearest fraction with a denominator of at most 10^9, by continued fractions. */
function limitDenominator(value: number): [bigint, bigint] {
  let den = 1n;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    den *= 2n;
  }
  let num = BigInt(scaled);
  if (den <= LARGEST_DENOMINATOR) return [num, den];
  const [n, d] = [num, den];
  let [p0, q0, p1, q1] = [0n, 1n, 1n, 0n];
  for (;;) {
    const whole = num / den - (num % den < 0n ? 1n : 0n);
    const q2 = q0 + whole * q1;
    if (q2 > LARGEST_DENOMINATOR) break;
    [p0, q0, p1, q1] = [p1, q1, p0 + whole * p1, q2];
    [num, den] = [den, num - whole * den];
  }
  const steps = (LARGEST_DENOMINATOR - q0) / q1;
  const [pa, qa] = [p0 + steps * p1, q0 + steps * q1];
  const off = (p: bigint, q: bigint) => (p * d - n * q < 0n ? n * q - p * d : p * d - n * q);
  return off(p1, q1) * qa <= off(pa, qa) * q1 ? [p1, q1] : [pa, qa];
}

function divisor(a: bigint, b: bigint): bigint {
  while (b) [a, b] = [b, a % b];
  return a;
}
