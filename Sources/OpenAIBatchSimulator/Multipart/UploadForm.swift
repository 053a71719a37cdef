// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// The form of an upload, read as its bytes arrive: the file goes to disk, the other fields are kept.
struct UploadForm {
  /// A whole and valid upload.
  struct Upload {
    let filename: String
    let purpose: String
    /// In seconds; `nil` for a file that stays until it is deleted.
    let lifetime: Int?
    let content: StoredFile
  }

  /// 512 MB: the most bytes of any file.
  static let maximumFileLength = 512 << 20
  /// 200 MB: the most bytes of a file with the purpose `batch`.
  static let maximumBatchLength = 209_715_200
  /// The lifetime of a file with the purpose `batch` that asks for none: 30 days.
  static let defaultBatchLifetime = 2_592_000
  private static let maximumFieldLength = 16 << 10
  private static let purposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]

  private enum Part {
    case none
    case field(name: String, value: [UInt8])
    case file(FileSink)
  }

  /// 64 MB: the most bytes of a part of an upload.
  static let maximumPartLength = 64 << 20

  private let fileField: String
  private var parser: MultipartParser
  private let makeSink: () throws(FileFailure) -> FileSink
  private var part = Part.none
  private var fields: [String: String] = [:]
  private var filename: String?
  private var content: StoredFile?

  /// - Parameters:
  ///   - contentType: The request's, which says where the parts of its body end.
  ///   - fileField: The name of the field that holds the file.
  ///   - makeSink: Starts the file.
  init(
    contentType: String?, fileField: String = "file", makeSink: @escaping () throws(FileFailure) -> FileSink
  ) throws(ServiceError) {
    let type = ParameterizedValue(contentType ?? "")
    guard type.value == "multipart/form-data", let boundary = type.parameters["boundary"],
      (1...70).contains(boundary.utf8.count)
    else {
      throw ServiceError(message: "The Content-Type must be multipart/form-data with a boundary.")
    }
    parser = MultipartParser(boundary: boundary)
    self.fileField = fileField
    self.makeSink = makeSink
  }

  mutating func take(_ chunk: ArraySlice<UInt8>) throws(ServiceError) {
    let events: [MultipartParser.Event]
    do throws(MultipartParser.Failure) {
      events = try parser.parse(chunk)
    } catch {
      throw ServiceError(message: "Could not parse multipart form: \(error.message)")
    }
    do {
      for event in events { try take(event) }
    } catch let error as ServiceError {
      throw error
    } catch {
      throw .server("\(error)")
    }
  }

  private mutating func take(_ event: MultipartParser.Event) throws {
    switch (event, part) {
    case (.partBegan(let header), _):
      guard header.name == fileField else {
        part = .field(name: header.name.replacingDots, value: [])
        return
      }
      guard filename == nil else {
        throw ServiceError(message: "There must be one \(fileField).", param: fileField)
      }
      filename = header.filename ?? ""
      part = .file(try makeSink())
    case (.bytes(let bytes), .file(let sink)):
      guard sink.byteCount + bytes.count <= limit else {
        throw ServiceError.tooLarge(limit: limit, param: fileField)
      }
      try sink.write(bytes)
    case (.bytes(let bytes), .field(let name, let value)):
      guard value.count + bytes.count <= Self.maximumFieldLength else {
        throw ServiceError(status: 413, message: "The field is too long.", param: name)
      }
      part = .field(name: name, value: value + bytes)
    case (.partEnded, .file(let sink)):
      content = try sink.finish()
      part = .none
    case (.partEnded, .field(let name, let value)):
      guard fields.count < 64 else { throw ServiceError(message: "The form has too many fields.") }
      fields[name] = String(decoding: value, as: UTF8.self)
      part = .none
    case (_, .none):
      break
    }
  }

  private var limit: Int {
    if fileField != "file" { return Self.maximumPartLength }
    return fields["purpose"] == "batch" ? Self.maximumBatchLength : Self.maximumFileLength
  }

  /// Checks the form of a file as a whole.
  func finish() throws(ServiceError) -> Upload {
    try checkEnd()
    guard let purpose = fields["purpose"] else { throw .missing("purpose") }
    try Self.check(purpose: purpose)
    guard let filename, let content else { throw .missing(fileField) }
    if purpose == "batch" {
      try Self.checkBatchFile(named: filename, byteCount: content.byteCount)
      try Self.checkBatchFile(content)
    }
    return Upload(
      filename: filename, purpose: purpose, lifetime: Self.lifetime(try lifetime(), purpose: purpose),
      content: content)
  }

  /// Checks the form of a part as a whole.
  func finishPart() throws(ServiceError) -> StoredFile {
    try checkEnd()
    guard let content else { throw .missing(fileField) }
    return content
  }

  private func checkEnd() throws(ServiceError) {
    do throws(MultipartParser.Failure) {
      try parser.finish()
    } catch {
      throw ServiceError(message: "Could not parse multipart form: \(error.message)")
    }
  }

  static func check(purpose: String) throws(ServiceError) {
    guard purposes.contains(purpose) else { throw .invalidValue("purpose", purpose, supported: purposes) }
  }

  /// How long a file lives that asks for `lifetime`.
  static func lifetime(_ lifetime: Int?, purpose: String) -> Int? {
    lifetime ?? (purpose == "batch" ? defaultBatchLifetime : nil)
  }

  /// What the service checks at once; the rest is checked when a batch is made of the file.
  static func checkBatchFile(named filename: String, byteCount: Int) throws(ServiceError) {
    guard byteCount <= maximumBatchLength else { throw .tooLarge(limit: maximumBatchLength) }
    guard filename.lowercased().hasSuffix(".jsonl") else {
      throw .invalidFileFormat("the name '\(filename)' has another extension.")
    }
    guard byteCount > 0 else { throw .invalidFileFormat("the file is empty.") }
  }

  static func checkBatchFile(_ content: StoredFile) throws(ServiceError) {
    let beginning: [UInt8]
    do throws(FileFailure) {
      beginning = try content.open().read(4096, at: 0)
    } catch {
      throw .server("\(error)")
    }
    let first = beginning.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard first == UInt8(ascii: "{") else {
      throw .invalidFileFormat("the file does not begin with a JSON object.")
    }
  }

  private func lifetime() throws(ServiceError) -> Int? {
    let anchorParam = "expires_after[anchor]"
    let param = "expires_after[seconds]"
    guard fields[anchorParam] != nil || fields[param] != nil else { return nil }
    guard let anchor = fields[anchorParam] else { throw .missing(anchorParam) }
    guard anchor == "created_at" else { throw .invalidValue(anchorParam, anchor, supported: ["created_at"]) }
    guard let text = fields[param] else { throw .missing(param) }
    guard let seconds = Int(text) else { throw .invalidType(param, expected: "an integer") }
    guard BatchCreation.expiryRange.contains(seconds) else {
      throw .outOfRange(param, seconds, BatchCreation.expiryRange)
    }
    return seconds
  }
}

extension String {
  /// `expires_after.seconds`, as Azure spells it, is `expires_after[seconds]`.
  fileprivate var replacingDots: String {
    let parts = split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.count == 2 ? "\(parts[0])[\(parts[1])]" : self
  }
}
