import { describe, expect, it } from "vitest";
import { bytesOf, dissect, linesOf, type Field } from "../src/wire/bytes";

const part = (bytes: Uint8Array, fields: Field[], name: string) => {
  const field = fields.find((each) => each.name === name);
  return field ? [...bytes.slice(field.from, field.to)] : null;
};

describe("frames on the wire", () => {
  it("marks the value's bytes in a Modbus TCP answer", () => {
    const request = bytesOf("1c bf 00 00 00 06 01 04 01 00 00 06");
    const response = bytesOf("1c bf 00 00 00 0f 01 04 0c 00 00 00 11 05 05 06 04 04 04 04 04");
    const { request: asked, response: answered } = dissect(request, response, 4, 258, 1);
    expect(part(request, asked, "address")).toEqual([1, 0]);
    expect(part(request, asked, "count")).toEqual([0, 6]);
    expect(part(response, answered, "value")).toEqual([5, 5]);
    expect(answered.find((field) => field.name === "value")).toMatchObject({ from: 13, to: 15 });
  });

  it("knows RTU by its missing header and marks the check sum", () => {
    const request = bytesOf("0103006B00037417");
    const response = bytesOf("0103060022000000016DB5");
    const { request: asked, response: answered } = dissect(request, response, 3, 0x6c, 2);
    expect(part(request, asked, "crc")).toEqual([0x74, 0x17]);
    expect(part(response, answered, "value")).toEqual([0, 0, 0, 1]);
    expect(part(response, answered, "crc")).toEqual([0x6d, 0xb5]);
  });

  it("marks the byte of a bit", () => {
    const request = bytesOf("000100000006010200500010");
    const response = bytesOf("00010000000501020208 40");
    expect(part(response, dissect(request, response, 2, 0x5e, 1).response, "value")).toEqual([0x40]);
  });

  it("shows an exception and an answer that never came", () => {
    const request = bytesOf("000100000006010300500010");
    const refused = bytesOf("000100000003018302");
    expect(part(refused, dissect(request, refused, 3, 0x50, 1).response, "exception")).toEqual([2]);
    expect(dissect(request, new Uint8Array(), 3, 0x50, 1).response).toEqual([]);
  });

  it("stands in lines: the head by its fields, registers under their addresses, the check sum last", () => {
    const request = bytesOf("0103006B00037417");
    const response = bytesOf("0103060022000000016DB5");
    const { response: fields } = dissect(request, response, 3, 0x6c, 2);
    const lines = linesOf(response, fields, 0x6b, false, 2);
    expect(lines.map((line) => line.address)).toEqual([null, 0x6b, 0x6d, null]);
    expect(lines[0]!.groups.map((group) => group.name)).toEqual(["unit", "function", "bytes"]);
    expect(lines.slice(1, 3).flatMap((line) => line.groups.map((group) => group.name))).toEqual(["data", "value", "value"]);
    expect(lines[3]!.groups.map((group) => [...group.bytes])).toEqual([[0x6d, 0xb5]]);
    expect(lines.flatMap((line) => line.groups.flatMap((group) => [...group.bytes]))).toEqual([...response]);
  });
});
