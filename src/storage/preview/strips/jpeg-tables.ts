/** Tables of ITU-T T.81: order of coefficients (figure A.6), quantisation and Huffman codes (annex K). */

/** Places of an 8 × 8 block in the order of a file. */
export const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5],
  ...[12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51],
  ...[58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
)

/** Steps of colour at quality 50, in the order of a file (table K.2). */
export const COLOR_STEPS = [
  ...[17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99],
  ...Array<number>(48).fill(99),
]

/** A Huffman table: how many codes there are of each length from 1 to 16, and what they stand for. */
export type HuffmanTable = {
  counts: readonly number[] | Uint8Array
  values: readonly number[] | Uint8Array
}

const DC_VALUES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
const hex = (digits: string) => [...Buffer.from(digits.replace(/\s/g, ''), 'hex')]

export const BRIGHTNESS_DC: HuffmanTable = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  values: DC_VALUES,
}
export const COLOR_DC: HuffmanTable = {
  counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
  values: DC_VALUES,
}
export const BRIGHTNESS_AC: HuffmanTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
  values: hex(`
    01020300041105122131410613516107227114328191a1082342b1c11552d1f024336272
    82090a161718191a25262728292a3435363738393a434445464748494a53545556575859
    5a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3
    a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2
    e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa`),
}
export const COLOR_AC: HuffmanTable = {
  counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
  values: hex(`
    000102031104052131061241510761711322328108144291a1b1c109233352f0156272d1
    0a162434e125f11718191a262728292a35363738393a434445464748494a535455565758
    595a636465666768696a737475767778797a82838485868788898a92939495969798999a
    a2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9da
    e2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa`),
}
