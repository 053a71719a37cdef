// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// One upload, in one request or in parts, with what it leaves behind on the service when answers are lost.
struct FileUpload: Sendable {
  let client: BatchClient
  let source: UploadSource
  let filename: String
  /// Whether the name was made for this upload: then no other upload has it.
  let isNameRandom: Bool
  let purpose: FilePurpose
  let expiresAfter: FileExpiration?
  let method: UploadMethod
  let meter: UploadMeter
  let options: CallOptions
  let deadline: ContinuousClock.Instant?

  init(
    _ source: UploadSource, named name: String, isNameRandom: Bool = false, _ purpose: FilePurpose,
    _ expiresAfter: FileExpiration?, _ method: UploadMethod,
    _ progress: @escaping @Sendable (TransferProgress) -> Void, client: BatchClient, _ options: CallOptions
  ) throws(BatchClientError) {
    do throws(InvalidParameter) {
      try InvalidParameter.check(purpose.rawValue, named: "purpose")
      try expiresAfter?.validate(field: "expires_after")
      try client.configuration.uploadLimits.check(source.length, purpose: purpose, method: method)
    } catch {
      throw BatchClientError(error, operation: "uploadFile")
    }
    self.client = client
    self.source = source
    self.isNameRandom = isNameRandom
    self.purpose = purpose
    self.expiresAfter = expiresAfter
    self.method = method
    self.options = options
    // The service takes batch input only under this ending.
    filename = purpose == .batch && !name.lowercased().hasSuffix(".jsonl") ? "\(name).jsonl" : name
    meter = UploadMeter(total: source.length, report: progress)
    deadline = client.deadline(options)
  }

  func run() async throws(BatchClientError) -> FileObject {
    let isParted = client.configuration.uploadLimits.travelsInParts(source.length, method)
    return isParted ? try await sendParts() : try await sendWhole()
  }

  /// The purpose as the provider calls it.
  var spelledPurpose: FilePurpose { client.configuration.provider.purpose(purpose) }

  /// The provider's own fields for a form.
  var extraFields: [(name: String, value: String)] { client.configuration.formFields + options.formFields }

  private func sendWhole() async throws(BatchClientError) -> FileObject {
    let clock = client.configuration.clock
    let start = clock.now()
    let provider = client.configuration.provider
    let fields = MultipartForm.fields(
      purpose: spelledPurpose, expiresAfter: expiresAfter, filename: filename, for: provider,
      extra: extraFields)
    let form = MultipartForm(
      fields: fields, fileField: "file", filename: filename, file: meter.body(source.body(0..<source.length)))
    let record = CallRecord(effect: .duplicable)
    let file = try await client.perform(
      .uploadFile(form, path: provider.uploadPath), options, until: deadline, record: record)
    let lost = record.effects - 1
    if lost > 0 { await removeTwins(of: file, atMost: lost, madeWithin: start.duration(to: clock.now())) }
    return file
  }
}

extension BatchOperation where Output == FileObject {
  static func uploadFile(_ form: MultipartForm, path: String) -> Self {
    Self(
      name: "uploadFile", effect: .duplicable, method: .post, path: path, body: form.body,
      contentType: form.contentType, isTransfer: true,
      decode: { bytes throws(JSONFailure) in try FileObject(parsing: bytes[...]) })
  }
}
