/** The generator of CRC-32 as gzip (RFC 1952) and zip use it, bits reversed: the highest bit is x⁰. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/**
 * CRC-32 of two pieces one after another, from the CRC-32 of each: the first is moved on by the length of the second,
 * which is a multiplication by x to the power of its bits, and added. Takes time with the logarithm of the length.
 */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  return (multiply(first, powerOfX(secondBytes * 8)) ^ second) >>> 0;
}

/** Product of two polynomials over GF(2), modulo the generator. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}

/** The polynomial x to a power, modulo the generator; by repeated squaring. */
function powerOfX(exponent: number): number {
  let result = ONE;
  let square = ONE >>> 1;
  // No bit operators on the exponent: the bits of a large file are more than 32 can count.
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}
