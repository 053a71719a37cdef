// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The part of a chat completion that a caller decodes.
struct Completion: Decodable, Sendable {
  struct Choice: Decodable, Sendable {
    var message: Message
  }

  struct Message: Decodable, Sendable {
    var content: String
  }

  var choices: [Choice]
}

/// An output file as the service writes it: about 2,000 bytes a line, every other line in ASCII with escapes.
enum ResultFile {
  /// The file in pieces of 64 KiB, as they come from a socket. The same every time.
  static func chunks(lines: Int) -> [ArraySlice<UInt8>] {
    var file: [UInt8] = []
    var random = SplitMix(state: 42)
    for number in 0..<lines { file += line(number, &random).utf8 }
    return stride(from: 0, to: file.count, by: 65_536).map { file[$0..<min($0 + 65_536, file.count)] }
  }

  private static let words = [
    "the", "batch", "request", "answer", "of", "and", "a", "service", "that", "token", "cursor", "with",
    "latency",
  ]
  private static let spice = ["café", "東京", "“quoted”", "😀", "Ω≈ç", "\u{2028}"]
  private static let escapedSpice = [
    #"caf\u00e9"#, #"\u6771\u4eac"#, #"\u201cquoted\u201d"#, #"\ud83d\ude00"#, #"\"escaped\""#, #"a\\b\n\n"#,
  ]

  private static func line(_ number: Int, _ random: inout SplitMix) -> String {
    var text = ""
    let length = 300 + Int(random.next() % 1600)
    while text.utf8.count < length {
      let roll = random.next()
      if roll % 30 == 0 {
        text += (number.isMultiple(of: 2) ? escapedSpice : spice)[Int(roll / 30 % 6)]
      } else {
        text += words[Int(roll % 13)]
      }
      text += " "
    }
    let tokens = text.utf8.count / 4
    return """
      {"id": "batch_req_\(number)", "custom_id": "request-\(number)", "response": {"status_code": 200, \
      "request_id": "\(random.next())", "body": {"id": "chatcmpl-\(random.next())", "object": "chat.completion", \
      "created": 1762003000, "model": "gpt-4o-mini-2024-07-18", "choices": [{"index": 0, "message": {"role": \
      "assistant", "content": "\(text)", "refusal": null, "annotations": []}, "logprobs": null, "finish_reason": \
      "stop"}], "usage": {"prompt_tokens": 100, "completion_tokens": \(tokens), "total_tokens": \(100 + tokens), \
      "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0}, "completion_tokens_details": \
      {"reasoning_tokens": 0, "audio_tokens": 0}}, "service_tier": "default"}}, "error": null}

      """
  }
}

/// SplitMix64: a generator with a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
