// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What the header block of a part says about it.
struct MultipartHeader: Sendable, Hashable {
  /// The field's name.
  let name: String
  /// The name of the file that the part holds, if it holds one.
  let filename: String?

  /// Reads header lines; `nil` when they do not name a form field.
  init?(lines: [ArraySlice<UInt8>]) {
    for line in lines {
      guard let colon = line.firstIndex(of: 0x3A) else { continue }
      let field = String(decoding: line[..<colon], as: UTF8.self)
      guard field.lowercased() == "content-disposition" else { continue }
      let value = ParameterizedValue(String(decoding: line[(colon + 1)...], as: UTF8.self))
      guard value.value == "form-data", let name = value.parameters["name"] else { return nil }
      self.name = name.decodingFormEscapes
      if let extended = value.parameters["filename*"]?.decodingExtendedValue {
        filename = extended
      } else {
        filename = value.parameters["filename"]?.decodingFormEscapes
      }
      return
    }
    return nil
  }
}

/// A header value of the form `value; name=token; name="quoted string"`.
struct ParameterizedValue: Sendable, Hashable {
  /// What stands before the parameters, in lower case.
  let value: String
  /// Parameters by name in lower case, without quotes and their backslashes. The first of a name counts.
  let parameters: [String: String]

  init(_ text: String) {
    var pieces: [String] = [""]
    var isQuoted = false
    var isEscaped = false
    var names: [Int: String] = [:]
    for character in text {
      switch (character, isQuoted, isEscaped) {
      case (_, true, true):
        pieces[pieces.count - 1].append(character)
        isEscaped = false
      case ("\\", true, false): isEscaped = true
      case ("\"", _, false): isQuoted.toggle()
      case (";", false, _): pieces.append("")
      case ("=", false, _) where pieces.count > 1 && names[pieces.count - 1] == nil:
        names[pieces.count - 1] = pieces[pieces.count - 1].trimmed.lowercased()
        pieces[pieces.count - 1] = ""
      case (_, false, _) where character.isWhitespace: break
      default: pieces[pieces.count - 1].append(character)
      }
    }
    value = pieces[0].trimmed.lowercased()
    parameters = names.reduce(into: [:]) { parameters, entry in
      if parameters[entry.value] == nil { parameters[entry.value] = pieces[entry.key] }
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// Browsers and newer curl write a quote and line breaks in names as `%22`, `%0D` and `%0A`.
  fileprivate var decodingFormEscapes: String {
    var text = ""
    var rest = self[...]
    while let percent = rest.firstIndex(of: "%") {
      text += rest[..<percent]
      rest = rest[percent...]
      switch rest.prefix(3) {
      case "%22": text.append("\"")
      case "%0D", "%0d": text.append("\r")
      case "%0A", "%0a": text.append("\n")
      default:
        text.append("%")
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst(3)
    }
    return text + rest
  }

  /// `UTF-8''caf%C3%A9` of RFC 8187; `nil` when it is something else.
  fileprivate var decodingExtendedValue: String? {
    let parts = split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
    return PercentEncoding.decode(parts[2])
  }
}
