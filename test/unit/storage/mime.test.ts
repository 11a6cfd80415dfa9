import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { INLINE_TYPES, isInline, partToSniff, shownType, sniffMimeType } from '#/storage/mime'

/** Bytes of a string of one character each. */
const raw = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const utf8 = (text: string) => new TextEncoder().encode(text)
const sniff = (bytes: Uint8Array) => sniffMimeType(bytes, bytes.length)

const ftyp = (brand: string) => `\0\0\0\x18ftyp${brand}\0\0\0\0mif1isom`
const ebml = (doctype: string) =>
  `\x1a\x45\xdf\xa3\x9f\x42\x82${String.fromCharCode(0x80 + doctype.length)}${doctype}`
const ogg = (packet: string) => `OggS\0\x02${'\0'.repeat(20)}\x01\x1e${packet}`
const entry = (name: string) =>
  `PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(name.length)}\0\0\0${name}data`
const central = (name: string) =>
  `PK\x01\x02${'\0'.repeat(24)}${String.fromCharCode(name.length)}\0${'\0'.repeat(16)}${name}`

const word16 = (value: number) => String.fromCharCode(value & 0xff, value >> 8)
const word32 = (value: number) => word16(value & 0xffff) + word16(value >>> 16)

/** A compound file whose directory holds these names; `sector` says where it begins, 512 bytes each. */
function cfb(names: readonly string[], { sector = 1, clsid = '' } = {}): string {
  const directory = ['Root Entry', ...names].map((name, index) => {
    const utf16 = Array.from(`${name}\0`, (letter) => `${letter}\0`).join('')
    const head =
      utf16.padEnd(64, '\0') + word16(utf16.length) + (index === 0 ? '\x05\x01' : '\x02\x01')
    return (head.padEnd(80, '\0') + (index === 0 ? clsid : '')).padEnd(128, '\0')
  })
  const header = `\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1${'\0'.repeat(16)}\x3e\0\x03\0\xfe\xff${word16(9)}`
  const start = header.padEnd(48, '\0') + word32(sector)
  return start.padEnd(512 * (sector + 1), '\0') + directory.join('').padEnd(512, '\0')
}

/** An entry of a ZIP archive with content, deflated or stored. */
function member(name: string, content: string, deflated = true): string {
  const data = deflated ? String.fromCharCode(...deflateRawSync(raw(content))) : content
  const sizes = word32(data.length) + word32(content.length)
  return `PK\x03\x04\x14\0\0\0${deflated ? '\x08' : '\0'}\0${'\0'.repeat(8)}${sizes}${word16(name.length)}\0\0${name}${data}`
}
const typed = (type: string, deflated = true) =>
  member(
    '[Content_Types].xml',
    `<?xml version="1.0"?><Types><Default Extension="xml" ContentType="application/xml"/><Override PartName="/a.xml" ContentType="application/${type}"/></Types>`,
    deflated,
  ) + entry('_rels/.rels')

/** Packets of an MPEG transport stream. @param time bytes that come before each */
const packets = (count: number, time = '') =>
  `${time}\x47\x40\0\x10`.padEnd(188 + time.length, '\xff').repeat(count)
/** An ID3 tag of so many bytes. */
const id3 = (length: number) =>
  `ID3\x04\0\0${String.fromCharCode((length >> 21) & 127, (length >> 14) & 127, (length >> 7) & 127, length & 127)}${'\0'.repeat(length)}`
const elf = (type: number, order = 1) =>
  `\x7fELF\x02${String.fromCharCode(order)}\x01${'\0'.repeat(9)}${order === 1 ? word16(type) : `\0${String.fromCharCode(type)}`}`
const pe = `${`MZ${'\0'.repeat(58)}${word32(0x80)}`.padEnd(0x80, '\0')}PE\0\0`
const AAC = '\xff\xf1\x50\x80\x02\x1f\xfc'
const bmp = `BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0`

function tar(): string {
  const header = `${'a.txt'.padEnd(148, '\0')}        0`.padEnd(257, '\0').concat('ustar\x0000')
  const block = header.padEnd(512, '\0')
  const sum = raw(block).reduce((total, byte) => total + byte, 0)
  return `${block.slice(0, 148)}${sum.toString(8).padStart(6, '0')}\0 ${block.slice(156)}`
}

const OOXML = 'application/vnd.openxmlformats-officedocument.'
const PACKAGE = entry('[Content_Types].xml') + entry('_rels/.rels')

const BINARY: [name: string, content: string, mimeType: string][] = [
  ['PNG', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'image/png'],
  ['JPEG', '\xff\xd8\xff\xe0\0\x10JFIF', 'image/jpeg'],
  ['GIF', 'GIF89a\x01\0\x01\0', 'image/gif'],
  ['WebP', 'RIFF\x1a\0\0\0WEBPVP8L', 'image/webp'],
  ['AVIF', ftyp('avif'), 'image/avif'],
  ['AVIF sequence', ftyp('avis'), 'image/avif'],
  ['HEIC', ftyp('heic'), 'image/heic'],
  ['HEIC heix', ftyp('heix'), 'image/heic'],
  ['HEIF mif1', ftyp('mif1'), 'image/heif'],
  ['HEIF msf1', ftyp('msf1'), 'image/heif'],
  ['HEIC sequence', ftyp('hevc'), 'image/heic-sequence'],
  ['HEIC sequence hevx', ftyp('hevx'), 'image/heic-sequence'],
  ['BMP', bmp, 'image/x-ms-bmp'],
  ['TIFF little endian', 'II*\0\x08\0\0\0', 'image/tiff'],
  ['TIFF big endian', 'MM\0*\0\0\0\x08', 'image/tiff'],
  ['ICO', '\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0', 'image/vnd.microsoft.icon'],
  ['PSD', '8BPS\0\x01\0\0\0\0\0\0\0\x03', 'image/vnd.adobe.photoshop'],
  ['MP4 isom', ftyp('isom'), 'video/mp4'],
  ['MP4 mp42', ftyp('mp42'), 'video/mp4'],
  ['QuickTime', ftyp('qt  '), 'video/quicktime'],
  ['QuickTime without brand', '\0\0\0\x08wide\0\0\0\0mdat', 'video/quicktime'],
  ['M4V', ftyp('M4V '), 'video/x-m4v'],
  ['3GP', ftyp('3gp4'), 'video/3gpp'],
  ['unknown brand', ftyp('zzzz'), 'application/octet-stream'],
  ['WebM', ebml('webm'), 'video/webm'],
  ['Matroska', ebml('matroska'), 'video/x-matroska'],
  ['AVI', 'RIFF\x1a\0\0\0AVI LIST', 'video/x-msvideo'],
  ['MP3 frame', '\xff\xfb\x90\x64\0\0\0\0', 'audio/mpeg'],
  ['MP3 with ID3', 'ID3\x04\0\0\0\0\0\x23', 'audio/mpeg'],
  ['WAV', 'RIFF\x24\0\0\0WAVEfmt ', 'audio/x-wav'],
  ['Ogg Vorbis', ogg('\x01vorbis'), 'audio/ogg'],
  ['Ogg Opus', ogg('OpusHead'), 'audio/ogg'],
  ['Ogg Theora', ogg('\x80theora'), 'video/ogg'],
  ['FLAC', 'fLaC\0\0\0\x22', 'audio/flac'],
  ['ADTS AAC', '\xff\xf1\x50\x80\x02\x1f\xfc', 'audio/x-hx-aac-adts'],
  ['M4A', ftyp('M4A '), 'audio/x-m4a'],
  ['PDF', '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'application/pdf'],
  ['ZIP', entry('a.txt'), 'application/zip'],
  ['empty ZIP', `PK\x05\x06${'\0'.repeat(18)}`, 'application/zip'],
  ['ZIP of a folder word/', entry('word/a.txt'), 'application/zip'],
  ['DOCX', PACKAGE + entry('word/document.xml'), `${OOXML}wordprocessingml.document`],
  ['XLSX', PACKAGE + entry('xl/workbook.xml'), `${OOXML}spreadsheetml.sheet`],
  ['PPTX', PACKAGE + entry('ppt/a.xml'), `${OOXML}presentationml.presentation`],
  [
    'DOCX by its central directory',
    `${entry('_rels/.rels')}${central('_rels/.rels')}${central('word/document.xml')}`,
    `${OOXML}wordprocessingml.document`,
  ],
  ['EPUB', entry('mimetype').replace('data', 'application/epub+zip'), 'application/epub+zip'],
  ['gzip', '\x1f\x8b\x08\0\0\0\0\0\0\x03', 'application/gzip'],
  ['RAR', 'Rar!\x1a\x07\x01\0', 'application/x-rar'],
  ['7z', '7z\xbc\xaf\x27\x1c\0\x04', 'application/x-7z-compressed'],
  ['DOC', cfb(['1Table', 'WordDocument']), 'application/msword'],
  ['XLS', cfb(['Workbook']), 'application/vnd.ms-excel'],
  ['XLS of Excel 5', cfb(['Book']), 'application/vnd.ms-excel'],
  ['PPT', cfb(['PowerPoint Document']), 'application/vnd.ms-powerpoint'],
  [
    'PPT with a workbook',
    cfb(['Workbook', 'PowerPoint Document']),
    'application/vnd.ms-powerpoint',
  ],
  ['MSG', cfb(['__nameid_version1.0', '__properties_version1.0']), 'application/vnd.ms-outlook'],
  ['VSD', cfb(['VisioDocument']), 'application/vnd.visio'],
  ['PUB', cfb(['Quill']), 'application/vnd.ms-publisher'],
  ['HWP', cfb(['\x05HwpSummaryInformation']), 'application/x-hwp'],
  ['encrypted DOCX', cfb(['EncryptionInfo', 'EncryptedPackage']), 'application/encrypted'],
  ['DOC by its class', cfb([], { clsid: '\x06\x09\x02\0\0\0\0\0\xc0' }), 'application/msword'],
  ['MSI', cfb([], { clsid: '\x84\x10\x0c\0\0\0\0\0\xc0' }), 'application/x-msi'],
  ['MPP', cfb([], { clsid: '\x3a\x8f\xb7\x74\xc8\xc8\xd1\x11' }), 'application/vnd.ms-project'],
  ['compound file of no kind', cfb(['WordDocumentation']), 'application/CDFV2'],
  [
    'DOCM',
    typed('vnd.ms-word.document.macroEnabled.main+xml'),
    'application/vnd.ms-word.document.macroEnabled.12',
  ],
  [
    'DOTX',
    typed(`${OOXML.slice(12)}wordprocessingml.template.main+xml`),
    `${OOXML}wordprocessingml.template`,
  ],
  [
    'XLSM',
    typed('vnd.ms-excel.sheet.macroEnabled.main+xml'),
    'application/vnd.ms-excel.sheet.macroEnabled.12',
  ],
  [
    'XLSB',
    typed('vnd.ms-excel.sheet.binary.macroEnabled.main'),
    'application/vnd.ms-excel.sheet.binary.macroEnabled.12',
  ],
  [
    'XLTX',
    typed(`${OOXML.slice(12)}spreadsheetml.template.main+xml`),
    `${OOXML}spreadsheetml.template`,
  ],
  [
    'PPTM',
    typed('vnd.ms-powerpoint.presentation.macroEnabled.main+xml'),
    'application/vnd.ms-powerpoint.presentation.macroEnabled.12',
  ],
  [
    'PPSX',
    typed(`${OOXML.slice(12)}presentationml.slideshow.main+xml`),
    `${OOXML}presentationml.slideshow`,
  ],
  [
    'DOCX, list stored',
    typed(`${OOXML.slice(12)}wordprocessingml.document.main+xml`, false),
    `${OOXML}wordprocessingml.document`,
  ],
  ['VSDX', typed('vnd.ms-visio.drawing.main+xml'), 'application/vnd.ms-visio.drawing.main+xml'],
  [
    'VSDX by its folder',
    PACKAGE + entry('visio/document.xml'),
    'application/vnd.ms-visio.drawing.main+xml',
  ],
  ['XPS', PACKAGE + entry('FixedDocSeq.fdseq'), 'application/vnd.ms-xpsdocument'],
  ['3MF', PACKAGE + entry('3D/3dmodel.model'), 'model/3mf'],
  [
    'APK',
    entry('AndroidManifest.xml') + entry('META-INF/MANIFEST.MF'),
    'application/vnd.android.package-archive',
  ],
  ['JAR', entry('META-INF/MANIFEST.MF') + entry('a.class'), 'application/java-archive'],
  ['IPA', entry('Payload/a.app/Info.plist'), 'application/x-ios-app'],
  ['KMZ', entry('doc.kml'), 'application/vnd.google-earth.kmz'],
  ['USDZ', entry('a.usdc'), 'model/vnd.usdz+zip'],
  ...[
    'text',
    'text-template',
    'spreadsheet-template',
    'presentation-template',
    'graphics-template',
    'formula',
    'chart',
    'text-master',
  ].map((kind): [string, string, string] => {
    const type = `application/vnd.oasis.opendocument.${kind}`
    return [`ODF ${kind}`, member('mimetype', type, false) + entry('content.xml'), type]
  }),
  [
    'SXW',
    member('mimetype', 'application/vnd.sun.xml.writer', false),
    'application/vnd.sun.xml.writer',
  ],
  ['OpenRaster', member('mimetype', 'image/openraster', false), 'image/openraster'],
  ['a ZIP that calls itself a page', member('mimetype', 'text/html', false), 'application/zip'],
  ['MPEG-TS', packets(6), 'video/MP2T'],
  ['MPEG-TS of one packet', packets(1), 'video/MP2T'],
  ['MPEG-TS of a camera', packets(6, '\0\0\0\0'), 'video/MP2T'],
  ['MPEG program stream', '\0\0\x01\xba\x44\0', 'video/mpeg'],
  ['FLAC behind ID3', `${id3(300)}fLaC\0\0\0\x22`, 'audio/flac'],
  ['AAC behind ID3', `${id3(300)}${AAC}`, 'audio/x-hx-aac-adts'],
  ['MP3 behind ID3', `${id3(300)}\xff\xfb\x90\x64\0\0`, 'audio/mpeg'],
  ['APE behind ID3', `${id3(300)}MAC \x96\x0f`, 'audio/x-ape'],
  ['AMR', '#!AMR\n\x3c\x08', 'audio/amr'],
  ['AMR-WB', '#!AMR-WB\n\x04\x08', 'audio/amr'],
  ['AC-3', '\x0b\x77\x12\x34\x14\x40\x43', 'audio/vnd.dolby.dd-raw'],
  ['E-AC-3', '\x0b\x77\x01\xff\x3f\x86\xff', 'audio/eac3'],
  ['DTS', '\x7f\xfe\x80\x01\xfc\x3c', 'audio/vnd.dts'],
  ['WavPack', 'wvpk\x10\0\0\0', 'audio/x-wavpack'],
  ['CAF', 'caff\0\x01\0\0desc', 'audio/x-caf'],
  ['Ogg FLAC', ogg('\x7fFLAC'), 'audio/ogg'],
  ['EXE', pe, 'application/vnd.microsoft.portable-executable'],
  ['EXE for DOS', `MZ${'\0'.repeat(80)}`, 'application/x-dosexec'],
  ['ELF program', elf(2), 'application/x-executable'],
  ['ELF library', elf(3), 'application/x-sharedlib'],
  ['ELF object, big endian', elf(1, 2), 'application/x-object'],
  ['Mach-O', '\xcf\xfa\xed\xfe\x07\0\0\x01', 'application/x-mach-binary'],
  ['Mach-O, universal', '\xca\xfe\xba\xbe\0\0\0\x02', 'application/x-mach-binary'],
  ['Java class', '\xca\xfe\xba\xbe\0\0\0\x34', 'application/x-java-applet'],
  ['CR2', 'II*\0\x10\0\0\0CR\x02\0', 'image/x-canon-cr2'],
  ['RAF', 'FUJIFILMCCD-RAW 0201', 'image/x-fuji-raf'],
  ['DWG', 'AC1032\0\0\0\0', 'image/vnd.dwg'],
  ['JPEG XL', '\xff\x0a\xfa\x1f', 'image/jxl'],
  ['JPEG XL in a box', '\0\0\0\x0cJXL \r\n\x87\n', 'image/jxl'],
  ['cursor', '\0\0\x02\0\x01\0\x20\x20\0\0\0\0', 'image/x-win-bitmap'],
  ['Debian package', '!<arch>\ndebian-binary', 'application/vnd.debian.binary-package'],
  ['Zstandard', '\x28\xb5\x2f\xfd\x20\x01', 'application/zstd'],
  ['LZ4', '\x04\x22\x4d\x18\x60', 'application/x-lz4'],
  ['Parquet', 'PAR1\x15\x04\x15', 'application/vnd.apache.parquet'],
  ['Access', '\0\x01\0\0Standard ACE DB\0', 'application/x-msaccess'],
  ['ISO 9660', `${'\0'.repeat(32_769)}CD001\x01`, 'application/x-iso9660-image'],
  ['Embedded OpenType', `\x10\0\0\0${'\0'.repeat(30)}LP`, 'application/vnd.ms-fontobject'],
  ['OLE2', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0', 'application/CDFV2'],
  ['tar', tar(), 'application/x-tar'],
  ['SQLite', 'SQLite format 3\0\x10\0', 'application/vnd.sqlite3'],
  ['WebAssembly', '\0asm\x01\0\0\0', 'application/wasm'],
  ['WOFF', 'wOFF\0\x01\0\0', 'font/woff'],
  ['WOFF2', 'wOF2\0\x01\0\0', 'font/woff2'],
  ['OpenType', 'OTTO\0\x0c\0\x80\0\x03\0\x40CFF ', 'application/vnd.ms-opentype'],
  ['TrueType', '\0\x01\0\0\0\x0c\0\x80\0\x03\0\x40OS/2', 'font/sfnt'],
  ['single byte', 'a', 'application/octet-stream'],
  ['control bytes', '\0\x01\x02\x03\x04', 'application/octet-stream'],
  ['text with NUL', 'abc\0def', 'application/octet-stream'],
  ['Latin-1', 'caf\xe9 au lait', 'text/plain'],
  ['UTF-16 LE', '\xff\xfeh\0i\0', 'text/plain'],
  ['UTF-16 BE', '\xfe\xff\0h\0i', 'text/plain'],
  ['UTF-16 with NUL', '\xff\xfeh\0\0\0', 'application/octet-stream'],
  ['UTF-16 with a lone surrogate', '\xff\xfe\x00\xdch\0', 'application/octet-stream'],
]

const TEXT: [name: string, content: string, mimeType: string][] = [
  ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
  ['SVG, mark', '\ufeff<svg></svg>', 'image/svg+xml'],
  ['SVG, prolog', '<?xml version="1.0"?>\n<!-- a <b> -->\n<svg\n/>', 'image/svg+xml'],
  ['SVG, comment', '<!-- a -->\n<svg/>', 'image/svg+xml'],
  ['SVG, doctype', '<!DOCTYPE svg PUBLIC "a" "b"><svg/>', 'image/svg+xml'],
  ['SVG, entities', '<!DOCTYPE x [<!ENTITY a "b">]>\n<svg>&a;</svg>', 'image/svg+xml'],
  ['SVG, prefix', '<svg:svg xmlns:svg="a"/>', 'image/svg+xml'],
  ['SVG in HTML', '<html><svg></svg></html>', 'text/html'],
  ['HTML', '<!DOCTYPE html>\n<html lang="en"></html>', 'text/html'],
  ['HTML, lower case', '\n<!doctype html><title>a</title>', 'text/html'],
  ['HTML, comment', '<!-- a --><HTML></HTML>', 'text/html'],
  ['HTML with commas', '<html>a, b\nc, d\n</html>', 'text/html'],
  ['XML', '<?xml version="1.0"?>\n<note><to>a</to></note>', 'text/xml'],
  ['XHTML', '<?xml version="1.0"?><!DOCTYPE html><html></html>', 'text/xml'],
  ['XML without prolog', '<note><to/></note>', 'text/plain'],
  ['a comment never closed', '<!-- <svg>', 'text/plain'],
  ['RTF', '{\\rtf1\\ansi a}', 'text/rtf'],
  ['JSON object', '{"a": [1, -2.5e3, true, null, "\\u00e9\\"ü"], "b": {}}\n', 'application/json'],
  ['JSON array', ' [1, [], {"a": false}]', 'application/json'],
  ['JSON, empty', '{}', 'application/json'],
  ['JSON lines', '{"a":1}\n{"a":2}\n', 'application/json'],
  ['JSON cut short', '{"a":1', 'text/plain'],
  ['JSON with more', '{"a":1} x', 'text/plain'],
  ['JSON, mismatched', '[1}', 'text/plain'],
  ['JSON, trailing comma', '{"a":1,}', 'text/plain'],
  ['JSON, bad number', '[01]', 'text/plain'],
  ['JSON, bad escape', '["\\x"]', 'text/plain'],
  ['a number', '42\n', 'text/plain'],
  ['a word', 'true', 'text/plain'],
  ['a JSON string', '"abc"', 'text/plain'],
  ['CSV', 'id,name\n1,foo\n2,bar\n', 'text/csv'],
  ['CSV without last newline', 'a,b\r\n1,2', 'text/csv'],
  ['CSV, quoted', 'a,"b,\n""c""",d\n1,2,3\n', 'text/csv'],
  ['CSV, one row', 'a,b,c\n', 'text/plain'],
  ['CSV, inconsistent', 'a,b,c\n1,2\n', 'text/plain'],
  ['ICS', 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n', 'text/calendar'],
  ['ICS, mark', '\ufeffBEGIN:VCALENDAR\nVERSION:2.0\n', 'text/calendar'],
  ['VCF', 'BEGIN:VCARD\nVERSION:4.0\nFN:Ü\nEND:VCARD\n', 'text/vcard'],
  ['VTT', 'WEBVTT - a title\n\n00:01.000 --> 00:02.000\nhi, there\n', 'text/vtt'],
  ['VTT, nothing else', 'WEBVTT', 'text/vtt'],
  ['SRT', '1\r\n00:00:01,000 --> 00:00:02,000\r\nhi\r\n', 'application/x-subrip'],
  ['EML', 'From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nhi\r\n', 'message/rfc822'],
  [
    'EML, received',
    'Received: from a\n by b; Tue, 1 Jan 2026 00:00:00 +0000\nFrom: a@example.com\n\nhi',
    'message/rfc822',
  ],
  ['HLS', '#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:4,\na.ts\n', 'application/x-mpegURL'],
  ['M3U', '#EXTM3U\n#EXTINF:1,a\na.mp3\n', 'audio/x-mpegurl'],
  ['PostScript', '%!PS-Adobe-3.0\n', 'application/postscript'],
  ['a letter', 'From: the sea\n\nIt was a dark night.\n', 'text/plain'],
  ['a list of words', 'to: be\nsubject: maths\n', 'text/plain'],
  ['a sentence on vCards', 'BEGIN:VCARD is how one begins\n', 'text/plain'],
  ['a text on WebVTT', 'WEBVTTs are files\n', 'text/plain'],
  ['a text on MZ', 'MZ is how a program begins.\n'.repeat(10), 'text/plain'],
  ['a text on FWS', 'FWS, CWS: Flash\n', 'text/plain'],
  ['a text on PAR1', 'PAR1 was better than PAR2\n', 'text/plain'],
  ['Gs in step', `G${'a'.repeat(187)}`.repeat(6), 'text/plain'],
  ['shell', '#!/bin/sh\necho a\n', 'text/x-shellscript'],
  ['shell by env', '#!/usr/bin/env -S A=1 bash -e\n', 'text/x-shellscript'],
  ['Python', '#!/usr/bin/env python3.12\nprint(1)\n', 'text/x-script.python'],
  ['PHP', '<?php echo 1;', 'text/x-php'],
  ['PHP by shebang', '#!/usr/bin/php\n<?php\n', 'text/x-php'],
  ['plain', 'Grüße 😀\n', 'text/plain'],
  ['CSS', 'body { color: red; }\n', 'text/plain'],
  ['JS', 'const a = "<html>"\n', 'text/plain'],
  ['Markdown', '# Title\n\nText\n', 'text/plain'],
  ['YAML', 'a: 1\nb: 2\n', 'text/plain'],
]

describe('sniffMimeType', () => {
  test.each(BINARY)('%s', (_name, content, mimeType) => {
    expect(sniff(raw(content))).toBe(mimeType)
  })

  test.each(TEXT)('%s', (_name, content, mimeType) => {
    expect(sniff(utf8(content))).toBe(mimeType)
  })

  test('empty', () => {
    expect(sniffMimeType(new Uint8Array(), 0)).toBe('application/x-empty')
    expect(sniffMimeType(new Uint8Array(), 9)).toBe('application/octet-stream')
  })

  test.each([
    ['a string', '{"a": "bc'],
    ['a number', '[1, -'],
    ['a word', '[tr'],
    ['a key', '[{"a": 1}, {'],
    ['between lines', '{"a":1}\n'],
  ])('JSON cut off in %s', (_name, content) => {
    expect(sniffMimeType(utf8(content), 1e6)).toBe('application/json')
  })

  test('a cut-off head that cannot become JSON', () => {
    expect(sniffMimeType(utf8('{"a" 1'), 1e6)).toBe('text/plain')
  })

  test('a cut-off CSV row does not count', () => {
    expect(sniffMimeType(utf8('a,b\n1,2\n3'), 1e6)).toBe('text/csv')
  })

  test('a character cut in two', () => {
    expect(sniffMimeType(utf8('[1, "ü').subarray(0, -1), 1e6)).toBe('application/json')
  })

  test('a head that is a part of a larger buffer', () => {
    expect(sniff(raw('a\xff\xfeh\0i\0').subarray(1))).toBe('text/plain')
  })

  test('only the first 64 KiB count', () => {
    const bytes = utf8(`${'a'.repeat(65536)}\0`)
    expect(sniff(bytes)).toBe('text/plain')
  })

  test.each(
    ['[', '{"a":', '"', '<!--', '<!---->', '<!doctype [', '<?', 'PK\x03\x04', '[1e', '\\', ' ', ',']
      .map((part) => part.repeat(65536 / part.length))
      .map((content) => [content.slice(0, 12), content] as const),
  )('hostile %j is quick', (_name, content) => {
    const start = performance.now()
    sniff(raw(content))
    sniffMimeType(raw(content), 1e9)
    sniff(raw(`[${content.slice(1)}`))
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('a type that the head does not tell', () => {
  /** Sniffs a large file as the server does: by its head, and the part asked for. */
  function sniffLarge(content: string) {
    const bytes = raw(content)
    const head = bytes.subarray(0, 65_536)
    const part = partToSniff(head, bytes.length)
    const more = part && bytes.subarray(part.offset, part.offset + part.length)
    expect(more?.length ?? 0).toBeLessThanOrEqual(65_536)
    return sniffMimeType(head, bytes.length, more)
  }
  const filler = member('photo.jpg', 'x'.repeat(100_000), false)

  test.each([
    ['DOC', cfb(['1Table', 'WordDocument'], { sector: 500 }), 'application/msword'],
    ['XLS', cfb(['Workbook'], { sector: 3000 }), 'application/vnd.ms-excel'],
    ['FLAC behind a cover', `${id3(200_000)}fLaC\0\0\0\x22${'\0'.repeat(100)}`, 'audio/flac'],
    ['AAC behind a cover', `${id3(200_000)}${AAC}`, 'audio/x-hx-aac-adts'],
    ['MP3 behind a cover', `${id3(200_000)}\xff\xfb\x90\x64`, 'audio/mpeg'],
    [
      'MP3 whose tag is longer than it',
      `ID3\x04\0\0\x7f\x7f\x7f\x7f${'\0'.repeat(70_000)}`,
      'audio/mpeg',
    ],
    [
      'APK',
      `${filler}${central('photo.jpg')}${central('classes.dex')}`,
      'application/vnd.android.package-archive',
    ],
    ['JAR', `${filler}${central('META-INF/MANIFEST.MF')}`, 'application/java-archive'],
    [
      'DOCX',
      `${filler}${central('[Content_Types].xml')}${central('word/document.xml')}`,
      `${OOXML}wordprocessingml.document`,
    ],
    ['ZIP', `${filler}${central('photo.jpg')}`, 'application/zip'],
  ])('%s is read further in', (_, content, mimeType) => {
    expect(sniffLarge(content)).toBe(mimeType)
  })
  test('asks for nothing where the head tells', () => {
    for (const content of [
      `%PDF-${'a'.repeat(9)}`,
      PACKAGE + entry('word/a.xml'),
      'text',
      '\x1f\x8b',
    ]) {
      expect(partToSniff(raw(content), 1e6)).toBeUndefined()
    }
    const lost = cfb(['Workbook']).slice(0, 48) + word32(2 ** 31) + '\0'.repeat(512)
    expect(partToSniff(raw(lost), 1e6)).toBeUndefined()
  })
})

describe('shownType', () => {
  test.each([
    ['image/png', 'image/png'],
    ['application/msword', 'application/msword'],
    ['image/svg+xml', 'image/svg+xml'],
    ['text/html', 'text/plain'],
    ['application/xhtml+xml', 'text/plain'],
    ['message/rfc822', 'text/plain'],
    ['application/octet-stream', 'text/plain'],
  ])('%s is shown as %s', (mimeType, shown) => expect(shownType(mimeType)).toBe(shown))
})

describe('isInline', () => {
  test.each(['image/png', 'image/heic-sequence', 'application/x-mpegURL', 'application/pdf'])(
    '%s is shown',
    (mimeType) => expect(isInline(mimeType)).toBe(true),
  )

  test.each([
    'image/svg+xml',
    'text/html',
    'image/heif',
    'audio/L24',
    'auido/L24',
    'IMAGE/PNG',
    '',
  ])('%j is not', (mimeType) => expect(isInline(mimeType)).toBe(false))

  test('lists what the contract does', () => expect(INLINE_TYPES.size).toBe(50))
})
