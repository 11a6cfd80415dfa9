/** What a file starts with, and the media type that tells; of two that fit the first one counts. */
const PREFIXES: readonly (readonly [magic: string, mimeType: string])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['II*\0\x10\0\0\0CR', 'image/x-canon-cr2'],
  ['IIRO\x08\0', 'image/x-olympus-orf'],
  ['IIRS\x08\0', 'image/x-olympus-orf'],
  ['MMOR\0\0', 'image/x-olympus-orf'],
  ['IIU\0', 'image/x-panasonic-rw2'],
  ['FUJIFILMCCD-RAW ', 'image/x-fuji-raf'],
  ['II*\0', 'image/tiff'],
  ['MM\0*', 'image/tiff'],
  ['II+\0', 'image/tiff'],
  ['MM\0+', 'image/tiff'],
  ['II\xbc\x01', 'image/jxr'],
  ['8BPS\0', 'image/vnd.adobe.photoshop'],
  ['\0\0\0\x0cjP  \r\n\x87\n', 'image/jp2'],
  ['\xff\x4f\xff\x51\0', 'image/x-jp2-codestream'],
  ['\0\0\0\x0cJXL \r\n\x87\n', 'image/jxl'],
  ['\xff\x0a', 'image/jxl'],
  ['icns\0', 'image/x-icns'],
  ['\x76\x2f\x31\x01', 'image/x-exr'],
  ['#?RADIANCE\n', 'image/vnd.radiance'],
  ['DDS \x7c\0\0\0', 'image/vnd.ms-dds'],
  ['gimp xcf ', 'image/x-xcf'],
  ['AT&TFORM', 'image/vnd.djvu'],
  ['qoif', 'image/x-qoi'],
  ['BPG\xfb', 'image/bpg'],
  ['\xd7\xcd\xc6\x9a\0\0', 'image/wmf'],
  ['FLV\x01', 'video/x-flv'],
  ['\x30\x26\xb2\x75\x8e\x66\xcf\x11', 'video/x-ms-asf'],
  ['\0\0\x01\xba', 'video/mpeg'],
  ['\0\0\x01\xb3', 'video/mpeg'],
  ['fLaC', 'audio/flac'],
  ['MThd\0\0', 'audio/midi'],
  ['.snd\0', 'audio/basic'],
  ['#!AMR', 'audio/amr'],
  ['ADIF', 'audio/x-hx-aac-adif'],
  ['\x7f\xfe\x80\x01', 'audio/vnd.dts'],
  ['MAC \x96\x0f', 'audio/x-ape'],
  ['wvpk', 'audio/x-wavpack'],
  ['MPCK', 'audio/x-musepack'],
  ['MP+\x07', 'audio/x-musepack'],
  ['caff\0\x01\0\0', 'audio/x-caf'],
  ['.RMF\0', 'application/vnd.rn-realmedia'],
  ['%PDF-', 'application/pdf'],
  ['\xef\xbb\xbf%PDF-', 'application/pdf'],
  ['%!PS', 'application/postscript'],
  ['\xc5\xd0\xd3\xc6', 'application/postscript'],
  ['PK\x05\x06', 'application/zip'],
  ['PK\x07\x08PK\x03\x04', 'application/zip'],
  ['\x1f\x8b', 'application/gzip'],
  ['\x1f\x9d', 'application/x-compress'],
  ['Rar!\x1a\x07', 'application/x-rar'],
  ['7z\xbc\xaf\x27\x1c', 'application/x-7z-compressed'],
  ['BZh91AY&SY', 'application/x-bzip2'],
  ['\xfd7zXZ\0', 'application/x-xz'],
  ['\x28\xb5\x2f\xfd', 'application/zstd'],
  ['\x04\x22\x4d\x18', 'application/x-lz4'],
  ['LZIP\x01', 'application/x-lzip'],
  ['MSCF\0\0\0\0', 'application/vnd.ms-cab-compressed'],
  ['!<arch>\ndebian', 'application/vnd.debian.binary-package'],
  ['!<arch>\n', 'application/x-archive'],
  ['\xed\xab\xee\xdb', 'application/x-rpm'],
  ['\x60\xea', 'application/x-arj'],
  ['07070', 'application/x-cpio'],
  ['xar!\0', 'application/x-xar'],
  ['Cr24', 'application/x-chrome-extension'],
  ['dex\n03', 'application/x-dex'],
  ['SQLite format 3\0', 'application/vnd.sqlite3'],
  ['\0\x01\0\0Standard Jet DB', 'application/x-msaccess'],
  ['\0\x01\0\0Standard ACE DB', 'application/x-msaccess'],
  ['\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d', 'application/onenote'],
  ['L\0\0\0\x01\x14\x02\0', 'application/x-ms-shortcut'],
  ['ITSF\x03\0\0\0', 'application/vnd.ms-htmlhelp'],
  ['PAR1', 'application/vnd.apache.parquet'],
  ['ARROW1\0\0', 'application/vnd.apache.arrow.file'],
  ['Obj\x01', 'application/avro'],
  ['\x89HDF\r\n\x1a\n', 'application/x-hdf5'],
  ['\xd4\xc3\xb2\xa1', 'application/vnd.tcpdump.pcap'],
  ['\xa1\xb2\xc3\xd4', 'application/vnd.tcpdump.pcap'],
  ['d8:announce', 'application/x-bittorrent'],
  ['CWS', 'application/vnd.adobe.flash.movie'],
  ['FWS', 'application/vnd.adobe.flash.movie'],
  ['BLENDER-v', 'application/x-blender'],
  ['BLENDER_v', 'application/x-blender'],
  ['glTF\x02\0\0\0', 'model/gltf-binary'],
  ['\0asm', 'application/wasm'],
  ['wOFF\0', 'font/woff'],
  ['wOFFOTTO', 'font/woff'],
  ['wOF2\0', 'font/woff2'],
  ['wOF2OTTO', 'font/woff2'],
  ['OTTO\0', 'application/vnd.ms-opentype'],
  ['true\0', 'font/sfnt'],
  ['ttcf\0', 'font/collection'],
]

/** Letters that a text may well start with; a file that is text is none of these. */
const LETTERS = /^(?:[CF]WS|PAR1|ADIF|qoif|wvpk|MPCK|Cr24|AT&TFORM)/

/** What stands further inside a file, and the media type that tells. */
const INSIDE: readonly (readonly [at: number, magic: string, mimeType: string])[] = [
  [2, '-lh', 'application/x-lzh-compressed'],
  [34, 'LP', 'application/vnd.ms-fontobject'],
  [40, ' EMF', 'image/emf'],
  [60, 'BOOKMOBI', 'application/x-mobipocket-ebook'],
  [32_769, 'CD001', 'application/x-iso9660-image'],
]

/** The versions that drawings of AutoCAD start with. */
const DRAWING = /^AC10\d\d\0/

// biome-ignore lint/suspicious/noControlCharactersInRegex: a file that holds one is no text
const BINARY = /[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f-\xff]/

/** Checks whether one of the file's first bytes is in no ASCII text. */
export const isBinary = (raw: string) => BINARY.test(raw.slice(0, 256))

/** Returns the media type that a file's first bytes tell, or null (docs/contract/storage.md §5.4). */
export function sniffMagic(raw: string): string | null {
  if (DRAWING.test(raw)) return 'image/vnd.dwg'
  if (LETTERS.test(raw) && !isBinary(raw)) return null
  return PREFIXES.find(([magic]) => raw.startsWith(magic))?.[1] ?? null
}

/** Returns the media type that bytes further inside a binary file tell, or null. */
export function sniffInside(raw: string): string | null {
  if (!isBinary(raw)) return null
  return INSIDE.find(([at, magic]) => raw.startsWith(magic, at))?.[2] ?? null
}
