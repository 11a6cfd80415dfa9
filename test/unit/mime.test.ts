import { describe, expect, test } from 'vitest'
import { INLINE_TYPES, isInline, sniffMimeType } from '#/services/storage/mime'

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
