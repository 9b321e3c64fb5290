import { expect, it } from "vitest";
import { agoText, bytesText, durationText, percentText, rateText } from "./units.ts";

it.each([
  [undefined, "–"],
  [0, "0 ms"],
  [0.04, "0.0 ms"],
  [3.14, "3.1 ms"],
  [9.96, "10 ms"],
  [999.4, "999 ms"],
  [1200, "1.2 s"],
  [45_000, "45 s"],
  [180_000, "3 min"],
])("shows %s ms as %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

it.each([
  [0, "0"],
  [0.02, "< 0.1"],
  [3.26, "3.3"],
  [12.4, "12"],
  [1234, "1,234"],
])("shows the rate %s as %s", (rate, text) => {
  expect(rateText(rate)).toBe(text);
});

it.each([
  [0, "0 %"],
  [0.004, "0.4 %"],
  [0.5, "50 %"],
])("shows the share %s as %s", (share, text) => {
  expect(percentText(share)).toBe(text);
});

it.each([
  [512, "512 B"],
  [3400, "3.4 kB"],
  [67_108_864, "67 MB"],
])("shows %s bytes as %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

it.each([
  [500, "now"],
  [14_000, "14 s"],
  [300_000, "5 min"],
  [10_800_000, "3 h"],
  [172_800_000, "2 d"],
])("shows an age of %s ms as %s", (ms, text) => {
  expect(agoText(1_000_000, 1_000_000 + ms)).toBe(text);
});
