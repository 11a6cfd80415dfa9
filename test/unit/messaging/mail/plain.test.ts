import { expect, test } from 'vitest'
import { plainText } from '#/messaging/mail/templates/plain'

test.each([
  ['<p>One</p><p>Two</p>', 'One\n\nTwo'],
  ['One<br>two<br/>three', 'One\ntwo\nthree'],
  ['<ul><li>a</li><li>b</li></ul>', '- a\n- b'],
  [
    '<p>Go to <a href="https://x.example/?a=1&amp;b=2">the page</a>.</p>',
    'Go to the page https://x.example/?a=1&b=2.',
  ],
  [`<a class="b" href='https://x.example'>https://x.example</a>`, 'https://x.example'],
  ['<a href=https://x.example>x</a>', 'x https://x.example'],
  ['<a name="top">x</a></a>', 'x'],
  ['<style>p { color: red }</style><script>alert("<p>")</script>x', 'x'],
  ['<title>no</title><STYLE>a</STYLE>y', 'y'],
  ['a<!-- hidden -->b', 'ab'],
  [
    '&lt;b&gt; &amp;amp; &quot;q&quot; &#39;s&#39; &#x41;&nbsp;&unknown; &#0; &#x110000;',
    `<b> &amp; "q" 's' A &unknown; &#0; &#x110000;`,
  ],
  ['a<!--[if mso]><table><tr><td>Outlook</td></tr></table><![endif]-->b', 'ab'],
  ['<!--[if !mso]><!-->shown<!--<![endif]-->', 'shown'],
  ['<![if !mso]><p>shown</p><![endif]>', 'shown'],
  ['a<!-->b<!--->c', 'abc'],
  ['a<!-- x --!>b', 'ab'],
  ['a<!-- one <!-- two -->b', 'ab'],
  ['a<!-- open <p>b</p>', 'a'],
  [
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"><html xmlns:o="urn:x"><head><title>T</title></head><body><p>b</p></body></html>',
    'b',
  ],
  ['<!doctype html>x<?xml version="1.0"?>y<![CDATA[z]]>', 'xy'],
  ['<style><!-- p { color: red } --></style>x', 'x'],
  ['<div>Look&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;</div><p>Hi</p>', 'Look\n\nHi'],
  ['f&uuml;r &Eacute;lan &ldquo;x&rdquo; 5&nbsp;&euro; &AElig;', 'für Élan “x” 5 € Æ'],
  ['  many   \n\t spaces  ', 'many spaces'],
  ['3 < 4 > 2', '3 < 4 > 2'],
  ['<table><tr><td>a</td><td>b</td></tr></table>', 'a b'],
  ['', ''],
])('%j reads %j', (html, text) => {
  expect(plainText(html)).toBe(text)
})

test.each([
  '<',
  '<a ',
  '<!--',
  '<!-',
  '<!--[if mso]>',
  '<!-->',
  '-->',
  '<style>',
  '&',
  '<a href="',
  ' ',
  '\n',
  '<p>',
])('reads a megabyte of %j in time that grows with its length alone', (piece) => {
  const of = (length: number) => {
    const html = piece.repeat(length / piece.length)
    const start = process.cpuUsage() // a busy machine does not count
    plainText(html)
    return process.cpuUsage(start).user / 1000
  }
  of(100_000)
  expect(of(1_000_000)).toBeLessThan(2000)
})
