/* Routes of attachments. */
#include "attach.h"

#include "base/err.h"
#include "route.h"

static const struct route routes[] = {
	{ .method = M_POST, .pattern = "/v1/attachments",
	    .right = RIGHT_CREATE, .entity = "attachment",
	    .handle = attach_upload, .lane = LANE_FAST,
	    .id = "uploadAttachment",
	    .summary = "Upload a file, plain or as multipart/form-data",
	    .summary_zh = "上传附件", .reply_schema = "attachment",
	    .request_schema = "AttachmentUpload",
	    .request_type = "multipart/form-data application/octet-stream",
	    .params = "uploadName uploadNote uploadDivision uploadAction "
	    "uploadSensitivity fields", .fails = "507", .stream = true },
	{ .method = M_GET, .pattern = "/v1/attachments/{id}/content",
	    .right = RIGHT_READ, .entity = "attachment",
	    .handle = attach_content, .lane = LANE_FAST,
	    .id = "getAttachmentContent",
	    .summary = "The file itself; takes Range and If-None-Match",
	    .summary_zh = "下载附件", .reply_type = "*/*",
	    .params = "Range IfRange If-None-Match", .done = "200 206",
	    .fails = "416" },
};

void
attach_init(void)
{
	route_register(routes, COUNT(routes));
}
