// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

extension EndpointAnswer {
  /// Unit vectors that depend on nothing but the input: equal inputs get equal vectors.
  static func embeddings(_ source: Source) throws(ServiceError) -> EndpointAnswer {
    let request = source.request
    guard let input = request["input"] else { throw .missing("input") }
    let inputs = isList(input) ? input.elements : [input]
    let dimensions = request["dimensions"]?.int ?? 8
    guard (1...4096).contains(dimensions) else { throw .outOfRange("dimensions", dimensions, 1...4096) }
    let isBase64 = request["encoding_format"]?.string == "base64"
    let data = inputs.enumerated().map { index, input -> JSONNode in
      let vector = unitVector(for: input.bytes[...], dimensions: dimensions)
      return [
        "object": "embedding", "index": .int(index),
        "embedding": isBase64 ? .string(base64(vector)) : .array(vector.map { .double(Double($0)) }),
      ]
    }
    let tokens = inputs.reduce(0) { $0 + RowUsage.tokens(inBytes: $1.bytes.count) }
    let body: JSONNode = [
      "object": "list", "data": .array(data), "model": source.model,
      "usage": ["prompt_tokens": .int(tokens), "total_tokens": .int(tokens)],
    ]
    return EndpointAnswer(body: body, usage: RowUsage(input: tokens))
  }

  static func moderation(_ source: Source) throws(ServiceError) -> EndpointAnswer {
    guard let input = source.request["input"] else { throw .missing("input") }
    // A list of strings is many inputs; a list of parts is one input of several kinds.
    let inputs = input[0]?.kind == .string ? input.elements : [input]
    let result: JSONNode = [
      "flagged": false,
      "categories": .object(moderationCategories.map { ($0, false) }),
      "category_scores": .object(moderationCategories.map { ($0, .double(0.0001)) }),
      "category_applied_input_types": .object(moderationCategories.map { ($0, ["text"]) }),
    ]
    let body: JSONNode = [
      "id": .string("modr-\(source.id)"), "model": source.model,
      "results": .array(Array(repeating: result, count: inputs.count)),
    ]
    return EndpointAnswer(body: body, usage: RowUsage())
  }

  /// A picture of one white pixel.
  static func image(_ source: Source) -> EndpointAnswer {
    let usage = RowUsage(
      input: RowUsage.tokens(inBytes: source.request["prompt"]?.bytes.count ?? 0), output: 1)
    let count = min(max(source.request["n"]?.int ?? 1, 1), 10)
    let body: JSONNode = [
      "created": .int(source.createdAt),
      "data": .array(Array(repeating: ["b64_json": .string(whitePixel)], count: count)),
      "usage": usage.json,
    ]
    return EndpointAnswer(body: body, usage: usage)
  }

  /// Several inputs: a list, unless it is one of token numbers.
  private static func isList(_ input: JSONValue) -> Bool {
    input.kind == .array && input[0].map { $0.kind != .number } ?? false
  }

  private static func unitVector(for bytes: ArraySlice<UInt8>, dimensions: Int) -> [Float] {
    let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    var generator = SeededGenerator(seed: hash)
    let vector = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? vector.map { $0 / length } : vector
  }

  /// Little-endian 32-bit floats, as the service encodes them.
  private static func base64(_ vector: [Float]) -> String {
    var bytes: [UInt8] = []
    for value in vector {
      for shift in stride(from: 0 as UInt32, through: 24, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
      }
    }
    return Data(bytes).base64EncodedString()
  }

  private static let moderationCategories = [
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent",
    "self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence",
    "violence/graphic",
  ]

  private static let whitePixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="
}
