package dev.streamingsaga.embedded;

import java.io.InputStream;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.CreateBucketRequest;
import software.amazon.awssdk.services.s3.model.CreateBucketResponse;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * Refuses every operation that would change the directory, because another process owns it. The equivalent class in
 * S3Proxy is not public.
 */
final class ReadOnlyStore extends ForwardingBlobStore {
    ReadOnlyStore(BlobStore store) {
        super(store);
    }

    private static UnsupportedOperationException refused() {
        return new UnsupportedOperationException("this server is read-only: another process owns the data directory");
    }

    @Override
    public CreateBucketResponse createContainer(CreateBucketRequest request) {
        throw refused();
    }

    @Override
    public void deleteContainer(String container) {
        throw refused();
    }

    @Override
    public void deleteBucket(String container) {
        throw refused();
    }

    @Override
    public PutObjectResponse putBlob(PutObjectRequest request, InputStream payload) {
        throw refused();
    }

    @Override
    public CopyObjectResponse copyBlob(CopyObjectRequest request) {
        throw refused();
    }

    @Override
    public DeleteObjectResponse removeBlob(DeleteObjectRequest request) {
        throw refused();
    }

    @Override
    public MultipartUpload initiateMultipartUpload(CreateMultipartUploadRequest request) {
        throw refused();
    }

    @Override
    public UploadPartResponse uploadMultipartPart(
            MultipartUpload upload, UploadPartRequest request, InputStream payload) {
        throw refused();
    }

    @Override
    public CompleteMultipartUploadResponse completeMultipartUpload(
            MultipartUpload upload, CompleteMultipartUploadRequest request) {
        throw refused();
    }

    @Override
    public void abortMultipartUpload(MultipartUpload upload) {
        throw refused();
    }
}
